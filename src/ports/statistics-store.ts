import type { FailureReason } from '../core/failure.ts'
import type { MessageStatus } from '../core/message-status.ts'

/** Outbound messages that are alike in all that is counted. */
export type MessageGroup = {
  readonly status: MessageStatus
  readonly reason?: FailureReason
  readonly assistantId: number
  readonly provider: string
  /** The provider had taken them, whatever became of them then. */
  readonly accepted: boolean
  readonly count: number
}

/** `hour`: since 1970, of UTC, by when the messages were made. */
export type HourCounts = { readonly hour: number; readonly groups: readonly MessageGroup[] }

export const hourMs = 3_600_000

/** What the outbound messages of an organization have come to, in numbers. */
export interface StatisticsStore {
  /** Looks at every message of the hours from `fromHour` up to and with `toHour`; hours without any are absent. In short steps. */
  count(organizationId: number, hours: HourRange): Promise<HourCounts[]>
  /** What `keep` was given, also for messages that are not kept any more. */
  kept(organizationId: number, hours: HourRange): Promise<HourCounts[]>
  /** Once and for all: of an hour that is kept already, nothing changes. Those before `forgetBefore` are forgotten. */
  keep(organizationId: number, counts: readonly HourCounts[], forgetBefore: number): Promise<void>
  /** Messages of which it is not known whether they went out, up to `countMax`. */
  countUnknown(organizationId: number, countMax: number): Promise<number>
}

export type HourRange = { readonly fromHour: number; readonly toHour: number }
