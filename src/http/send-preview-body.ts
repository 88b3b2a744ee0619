import type { Static } from 'typebox'
import { type Segments, warningsFor } from '../core/encoding.ts'
import { type OptOut, scopeOf } from '../core/opt-out.ts'
import type { Verdict } from '../core/send-decision.ts'
import type { PauseLevel } from '../core/send-terms.ts'
import { holdClause, refusalSentence, senderBusySentence } from '../core/verdict-sentence.ts'
import { rulesOff } from '../use-cases/policy-document.ts'
import type { SendPreview } from '../use-cases/preview-send.ts'
import { timeOrNull } from './reading.ts'
import { timeOf } from './schemas/common.ts'
import { type Expectation, forcingCharactersMax, type sendPreviewSchema } from './schemas/send-preview.ts'
import { secondsOf } from './send-answer-body.ts'

type Body = Static<typeof sendPreviewSchema>

export function previewBodyOf(preview: SendPreview): Body {
  const { message, segments, settings, verdicts, pace, isStrict, duplicateOf } = preview
  return {
    dry_run: true,
    would: expectationOf(preview),
    provider: message.provider,
    assistant_id: message.assistantId,
    encoding: segments.encoding,
    segments: segments.segmentCount,
    characters: [...message.body].length,
    forced_ucs2: forcingBodiesOf(message.body, segments),
    warnings: warningsFor(segments),
    estimated_cost: costBodyOf(preview),
    opt_out: optOutBodyOf(preview.optOut),
    verdicts: [...verdicts.map((verdict) => verdictBodyOf(verdict, settings.paused)), ...busyVerdicts(preview)],
    policies_off: rulesOff(settings.policy),
    pace: { segments_per_second: pace.segmentsPerSecond, strict: isStrict },
    expected_wait_seconds: expectedSecondsOf(preview),
    ...(duplicateOf === undefined ? {} : { duplicate_of: duplicateOf }),
  }
}

function expectationOf({ decision, isSenderBusy, message }: SendPreview): Expectation {
  if (decision.kind !== 'send') return decision.kind
  if (isSenderBusy) return 'refuse'
  if (message.sendAt !== undefined) return 'schedule'
  return message.queued === true ? 'queue' : 'send'
}

function expectedSecondsOf({ decision, isSenderBusy, waitMs, message }: SendPreview): number | null {
  if (decision.kind === 'refuse' || isSenderBusy) return null
  if (decision.kind === 'send') return secondsOf(waitMs)
  return decision.until === undefined ? null : secondsOf(decision.until - message.createdAt)
}

function forcingBodiesOf(body: string, { forcedBy }: Segments): Body['forced_ucs2'] {
  const characters = [...body]
  return forcedBy.slice(0, forcingCharactersMax).map((character) => ({
    character,
    code_point: `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`,
    position: characters.indexOf(character),
  }))
}

function costBodyOf({ message: { costMicros }, settings }: SendPreview): Body['estimated_cost'] {
  const { prices } = settings.policy
  return prices === undefined || costMicros === undefined
    ? null
    : { amount: costMicros / 1e6, currency: prices.currency }
}

function optOutBodyOf(optOut: OptOut | undefined): Body['opt_out'] {
  if (optOut === undefined) return { state: 'none', since: null, source: null, scope: null }
  const { inDoubt, createdAt, source } = optOut
  return { state: inDoubt ? 'in_doubt' : 'opted_out', since: timeOf(createdAt), source, scope: scopeOf(optOut) }
}

function verdictBodyOf(verdict: Verdict, paused: PauseLevel | undefined): Body['verdicts'][number] {
  if (verdict.kind === 'hold') {
    const { kind, reason, until } = verdict
    const clause = holdClause(reason, paused)
    return { kind, reason, detail: sentenceOf(clause), ...noLimit, until: timeOrNull(until) }
  }
  const { kind, rule, reached } = verdict
  const { limit = null, count = null, per = null, retryAt } = reached ?? {}
  return { kind, rule, detail: refusalSentence(rule, reached), limit, count, per, until: timeOrNull(retryAt) }
}

const noLimit = { limit: null, count: null, per: null } as const

/** What a strict number would answer to a direct send. */
function busyVerdicts({ isSenderBusy, message, waitMs }: SendPreview): Body['verdicts'] {
  if (!isSenderBusy) return []
  const until = timeOf(message.createdAt + waitMs)
  return [{ kind: 'refuse', rule: 'sender_busy', detail: senderBusySentence, ...noLimit, until }]
}

function sentenceOf(clause: string): string {
  return `${clause.charAt(0).toUpperCase()}${clause.slice(1)}.`
}
