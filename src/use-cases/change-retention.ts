import type { AuditEntry } from '../core/audit.ts'
import type { Retention } from '../core/retention.ts'

/** How it is written in JSON and YAML. */
export type RetentionDocument = {
  readonly bodies_days?: number
  readonly messages_days?: number
  readonly events_days?: number
}

/** What is asked for: null means for ever, and what is not given stays as it is. */
export type RetentionChange = { readonly [name in keyof RetentionDocument]?: number | null }

export function changedRetention(present: Retention, change: RetentionChange): Retention {
  const {
    bodies_days = null,
    messages_days = null,
    events_days = null,
  } = { ...retentionDocumentOf(present), ...change }
  return {
    ...(bodies_days === null ? {} : { bodiesDays: bodies_days }),
    ...(messages_days === null ? {} : { messagesDays: messages_days }),
    ...(events_days === null ? {} : { eventsDays: events_days }),
  }
}

export function retentionDocumentOf({ bodiesDays, messagesDays, eventsDays }: Retention): RetentionDocument {
  return {
    ...(bodiesDays === undefined ? {} : { bodies_days: bodiesDays }),
    ...(messagesDays === undefined ? {} : { messages_days: messagesDays }),
    ...(eventsDays === undefined ? {} : { events_days: eventsDays }),
  }
}

/** What to write about a change, or nothing when there is none. */
export function retentionEntry(
  [before, after]: readonly [Retention, Retention],
  { organizationId, actor, now }: { readonly organizationId: number; readonly actor: string; readonly now: number },
): AuditEntry | undefined {
  const data = { before: retentionDocumentOf(before), after: retentionDocumentOf(after) }
  if (JSON.stringify(data.before) === JSON.stringify(data.after)) return undefined
  return { organizationId, occurredAt: now, actor, action: 'retention.changed', subject: 'organization', data }
}
