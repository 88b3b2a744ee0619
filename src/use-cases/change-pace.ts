import type { AuditEntry } from '../core/audit.ts'
import type { AccountPacing, SenderPacing } from '../core/pacing.ts'

/** A member that is absent stays as it is; null brings back the default of the provider. */
export type SenderPaceFields = { readonly [name in keyof SenderPacing]?: SenderPacing[name] | null }
export type AccountPaceFields = { readonly [name in keyof AccountPacing]?: AccountPacing[name] | null }

/** Null takes every setting away. */
export type PaceOrder<Fields> = { readonly fields: Fields | null; readonly actor: string }

export function senderPacingOf(fields: SenderPaceFields | null, present: SenderPacing): SenderPacing {
  const { segmentsPerSecond, dailySegments, strict, type } = fields === null ? {} : { ...present, ...fields }
  return {
    ...(isGiven(segmentsPerSecond) ? { segmentsPerSecond } : {}),
    ...(isGiven(dailySegments) ? { dailySegments } : {}),
    ...(isGiven(strict) ? { strict } : {}),
    ...(isGiven(type) ? { type } : {}),
  }
}

export function accountPacingOf(fields: AccountPaceFields | null, present: AccountPacing): AccountPacing {
  const { smsPerSecond, mmsPerSecond } = fields === null ? {} : { ...present, ...fields }
  return {
    ...(isGiven(smsPerSecond) ? { smsPerSecond } : {}),
    ...(isGiven(mmsPerSecond) ? { mmsPerSecond } : {}),
  }
}

type Paced = { readonly pacing: SenderPacing | AccountPacing }

/** What the audit log says about a change of pace; undefined when there was none. */
export function paceEntry(
  [before, after]: readonly [Paced, Paced],
  facts: { readonly organizationId: number; readonly subject: string; readonly actor: string; readonly now: number },
): AuditEntry | undefined {
  const { organizationId, subject, actor, now } = facts
  const data = { before: paceDocumentOf(before.pacing), after: paceDocumentOf(after.pacing) }
  if (JSON.stringify(data.before) === JSON.stringify(data.after)) return undefined
  return { organizationId, occurredAt: now, actor, action: 'pace.changed', subject, data }
}

/** As it is written in JSON and YAML. */
export function paceDocumentOf(pacing: SenderPacing & AccountPacing) {
  const { segmentsPerSecond, dailySegments, strict, type, smsPerSecond, mmsPerSecond } = pacing
  return {
    ...(segmentsPerSecond === undefined ? {} : { segments_per_second: segmentsPerSecond }),
    ...(dailySegments === undefined ? {} : { daily_segments: dailySegments }),
    ...(strict === undefined ? {} : { strict }),
    ...(type === undefined ? {} : { type }),
    ...(smsPerSecond === undefined ? {} : { sms_per_second: smsPerSecond }),
    ...(mmsPerSecond === undefined ? {} : { mms_per_second: mmsPerSecond }),
  }
}

function isGiven<T>(value: T | null | undefined): value is T {
  return value !== null && value !== undefined
}
