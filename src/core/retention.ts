import { isTerminal, type MessageStatus } from './message-status.ts'

/**
 * How long an organization keeps what it stores, in days; an absent member: for ever. Opt-outs are in none of them: they
 * are kept always (whoever texts must be able to show them for ten years), and so is the audit log.
 */
export type Retention = {
  /** Texts and media. The message stays, without them. */
  readonly bodiesDays?: number
  /** Messages with all that is known of them, and conversations that have none any more. */
  readonly messagesDays?: number
  /** Events and their deliveries. */
  readonly eventsDays?: number
}

const dayMs = 24 * 60 * 60 * 1_000

export const retentionDaysMax = 3_650
/** Limits of the policy count the messages of up to 31 days, and idempotency keys point to those of 30. */
export const messagesDaysMin = 31
export const retentionDaysMin = {
  bodiesDays: 1,
  messagesDays: messagesDaysMin,
  eventsDays: 1,
} as const satisfies Record<keyof Retention, number>

/** No delivery receipt comes later: carriers give a text up within three days. */
export const sentIsOverAfterMs = 4 * dayMs
/** Webhooks that nobody could use, and deliveries of events that were taken. */
export const keptForAllMs = 30 * dayMs
/** Deliveries that were given up can be replayed until then, where no setting says otherwise. */
export const deadDeliveriesMs = 90 * dayMs

/** What of an organization is due: everything older than these (Unix ms). Absent: nothing. */
export type Cutoffs = {
  readonly bodies?: number
  readonly messages?: number
  readonly events?: number
  readonly delivered: number
  readonly dead: number
}

export function cutoffsOf({ bodiesDays, messagesDays, eventsDays }: Retention, now: number): Cutoffs {
  const before = (days: number) => now - days * dayMs
  return {
    ...(bodiesDays === undefined ? {} : { bodies: before(bodiesDays) }),
    ...(messagesDays === undefined ? {} : { messages: before(messagesDays) }),
    ...(eventsDays === undefined
      ? { delivered: now - keptForAllMs, dead: now - deadDeliveriesMs }
      : {
          events: before(eventsDays),
          delivered: Math.max(now - keptForAllMs, before(eventsDays)),
          dead: before(eventsDays),
        }),
  }
}

/** Whether a message has ended, and nothing has happened to it since `before`. */
export function isDue(
  { status, updatedAt }: { readonly status: MessageStatus; readonly updatedAt: number },
  { before, now }: { readonly before: number; readonly now: number },
): boolean {
  const isOver = isTerminal(status) || (status === 'sent' && now - updatedAt >= sentIsOverAfterMs)
  return isOver && updatedAt < before
}
