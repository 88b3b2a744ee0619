/**
 * How fast texts may leave. A lane is what has a pace: a number (segments per second), or a provider account (texts per
 * second). It remembers until when it would be busy if everything dispatched so far had left at its pace; a text may
 * leave when that is at most `burstMs` ahead. So in any time w a lane dispatches at most pace * (w + burst) and one text.
 */
export const burstMs = 1_000

/** Settings of a number; absent members mean the defaults of its provider. */
export type SenderPacing = {
  readonly segmentsPerSecond?: number
  /** Segments between two midnights of the carriers' day (Pacific time). */
  readonly dailySegments?: number
  /** Direct sends wait for their turn too. */
  readonly strict?: boolean
  /** What the number is, where its digits do not say. */
  readonly type?: SenderType
}

/** Settings of a provider account: texts per second over all its numbers. Absent members mean the provider's defaults. */
export type AccountPacing = {
  readonly smsPerSecond?: number
  readonly mmsPerSecond?: number
}

export const senderTypes = ['long_code', 'toll_free', 'short_code'] as const
export type SenderType = (typeof senderTypes)[number]

/** A pace is more than 0 and at most this. */
export const paceMax = 10_000
export const dailySegmentsMax = 100_000_000

/** The carriers count their day by this clock. */
export const carriersZone = 'America/Los_Angeles'

export type Lane = {
  /** When everything dispatched would have left at its pace: Unix milliseconds, fractions count. */
  readonly freeAt: number
  /** Nothing leaves before: its provider asked for that, or its day is full. */
  readonly slowedUntil: number
  /** The carriers' day that `daySegments` were dispatched in, as a day number. */
  readonly day: number
  readonly daySegments: number
}

export const idleLane: Lane = { freeAt: 0, slowedUntil: 0, day: 0, daySegments: 0 }

/** What one text takes from a lane. */
export type LaneUse = {
  readonly costMs: number
  readonly segmentCount: number
}

/** The earliest moment at which a text may leave. */
export function turnAt({ freeAt, slowedUntil }: Lane): number {
  return Math.max(Math.ceil(freeAt - burstMs), slowedUntil)
}

/** The lane after a text was dispatched at `now`. */
export function advance(lane: Lane, { costMs, segmentCount }: LaneUse, time: PaceTime): Lane {
  return {
    ...lane,
    freeAt: Math.max(lane.freeAt, time.now) + costMs,
    day: countedDay(lane, time),
    daySegments: segmentsToday(lane, time) + segmentCount,
  }
}

/** At midnight clocks differ a little: a process for which it is still yesterday counts with the others. */
function countedDay(lane: Lane, { day }: PaceTime): number {
  return lane.day === day + 1 ? lane.day : day
}

function segmentsToday(lane: Lane, time: PaceTime): number {
  return lane.day === countedDay(lane, time) ? lane.daySegments : 0
}

export type PaceTime = {
  readonly now: number
  /** The carriers' day of `now`. */
  readonly day: number
}

/** What is dispatched from one number: its lane, and its account's if that has a limit. */
export type SenderTerms = {
  readonly senderId: number
  readonly organizationId: number
  readonly providerAccountId: number
  readonly segmentsPerSecond: number
  readonly dailySegments?: number
  readonly smsPerSecond?: number
  readonly mmsPerSecond?: number
  /** Nothing of it is dispatched, so nothing waits for a turn: it is looked at to be held. */
  readonly paused: boolean
  /** At most so many texts at once. */
  readonly takeMax: number
}

export type PacedText = {
  readonly key: number
  readonly recipient: string
  readonly segmentCount: number
  readonly isMms: boolean
}

export function senderUse({ segmentsPerSecond }: Pick<SenderTerms, 'segmentsPerSecond'>, text: PacedSize): LaneUse {
  return { costMs: costMsOf(text.segmentCount, segmentsPerSecond), segmentCount: text.segmentCount }
}

type PacedSize = Pick<PacedText, 'segmentCount' | 'isMms'>

/** Undefined when the account has no limit for this kind of text. */
export function accountUse(
  { smsPerSecond, mmsPerSecond }: Pick<SenderTerms, 'smsPerSecond' | 'mmsPerSecond'>,
  text: PacedSize,
): LaneUse | undefined {
  const perSecond = text.isMms ? mmsPerSecond : smsPerSecond
  return perSecond === undefined ? undefined : { costMs: costMsOf(1, perSecond), segmentCount: text.segmentCount }
}

/**
 * Rounded up to what a double can add to a Unix time without rounding (until the year 2109): else the fastest paces are
 * exceeded, 9,000 by two segments a second. They lose half a percent at most.
 */
const costsPerMs = 2_048

function costMsOf(count: number, perSecond: number): number {
  return Math.ceil((1_000 * costsPerMs * count) / perSecond) / costsPerMs
}

export type Turns = {
  /** In the order in which they leave. */
  readonly keys: readonly number[]
  readonly sender: Lane
  readonly account: Lane
  /** When to look again, should more texts wait; undefined: as soon as those are dispatched. */
  readonly lookAt?: number
}

/** Texts to people to whom one is on its way are looked for again after this. */
export const blockedRetryMs = 200

/**
 * Which of the waiting texts of a number, in their order, may leave now: as many as its pace, its account's pace and
 * its day have room for, and of one person only the first.
 */
export function takeTurns(
  terms: SenderTerms,
  waiting: readonly PacedText[],
  { sender, account, time, nextDayAt }: { sender: Lane; account: Lane; time: PaceTime; nextDayAt: number },
): Turns {
  const keys: number[] = []
  const people = new Set<string>()
  let lanes = { sender, account }
  for (const text of waiting) {
    if (keys.length >= terms.takeMax) return { keys, ...lanes }
    if (people.has(text.recipient)) continue
    if (!terms.paused) {
      const use = senderUse(terms, text)
      const ofAccount = accountUse(terms, text)
      const room = Math.max(turnAt(lanes.sender), ofAccount === undefined ? 0 : turnAt(lanes.account))
      if (room > time.now) return { keys, ...lanes, lookAt: room }
      if (isDayFull(terms, lanes.sender, text, time))
        return { keys, account: lanes.account, sender: { ...lanes.sender, slowedUntil: nextDayAt }, lookAt: nextDayAt }
      lanes = {
        sender: advance(lanes.sender, use, time),
        account: ofAccount === undefined ? lanes.account : advance(lanes.account, ofAccount, time),
      }
    }
    people.add(text.recipient)
    keys.push(text.key)
  }
  return { keys, ...lanes, ...(keys.length === 0 ? { lookAt: time.now + blockedRetryMs } : {}) }
}

/** A text larger than a whole day's room leaves on a fresh day all the same: it would wait for ever. */
function isDayFull(
  { dailySegments }: { readonly dailySegments?: number | undefined },
  lane: Lane,
  text: Pick<PacedText, 'segmentCount'>,
  time: PaceTime,
): boolean {
  const used = segmentsToday(lane, time)
  return dailySegments !== undefined && used > 0 && used + text.segmentCount > dailySegments
}

/** A direct send of a strict number. */
export type DirectSend = {
  readonly dailySegments?: number | undefined
  readonly segmentCount: number
  readonly time: PaceTime
  readonly nextDayAt: number
}

/** When it may leave: now, or when its turn comes. */
export function directTurnAt(
  { sender, account }: { readonly sender: Lane; readonly account?: Lane },
  { dailySegments, segmentCount, time, nextDayAt }: DirectSend,
): number {
  const at = Math.max(time.now, turnAt(sender), account === undefined ? 0 : turnAt(account))
  return isDayFull({ dailySegments }, sender, { segmentCount }, time) ? Math.max(at, nextDayAt) : at
}

/** Toll-free numbers of the North American plan, and the short ones, tell themselves apart by their digits. */
export function senderTypeOf(phoneNumber: string): SenderType {
  if (/^\+1(800|833|844|855|866|877|888)\d{7}$/.test(phoneNumber)) return 'toll_free'
  return phoneNumber.length <= '+123456'.length ? 'short_code' : 'long_code'
}
