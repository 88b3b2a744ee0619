import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import {
  advance,
  burstMs,
  directTurnAt,
  idleLane,
  type Lane,
  type PacedText,
  type SenderTerms,
  senderTypeOf,
  senderUse,
  takeTurns,
  turnAt,
} from './pacing.ts'

const start = Date.UTC(2026, 10, 24, 12)
const dayMs = 60_000

/** Days of a minute, so that many pass in a run. */
const timeAt = (now: number) => ({
  time: { now, day: Math.floor(now / dayMs) },
  nextDayAt: (Math.floor(now / dayMs) + 1) * dayMs,
})

function termsOf(differences: Partial<SenderTerms> = {}): SenderTerms {
  const ids = { senderId: 1, organizationId: 1, providerAccountId: 1 }
  return { ...ids, segmentsPerSecond: 1, paused: false, takeMax: 100, ...differences }
}

let key = 0
function textOf(differences: Partial<PacedText> = {}): PacedText {
  key++
  return { key, recipient: `person ${key}`, segmentCount: 1, isMms: false, ...differences }
}

type Dispatch = { readonly at: number; readonly sender: number; readonly text: PacedText }
type Run = {
  readonly dispatches: readonly Dispatch[]
  /** What was taken together, with what waited then. */
  readonly takes: readonly { readonly waiting: readonly PacedText[]; readonly taken: readonly PacedText[] }[]
}

type Step = { readonly afterMs: number; readonly sender: number; readonly arriving: readonly PacedText[] }

/** Two numbers of one account; texts arrive, and a number is looked at, whenever the steps say so. */
function run(terms: readonly SenderTerms[], steps: readonly Step[]): Run {
  const lanes: Lane[] = terms.map(() => idleLane)
  const queues: PacedText[][] = terms.map(() => [])
  const [dispatches, takes]: [Dispatch[], { waiting: PacedText[]; taken: PacedText[] }[]] = [[], []]
  let account = idleLane
  let now = start
  for (const { afterMs, sender, arriving } of steps) {
    now += afterMs
    const [own, lane] = [terms[sender], lanes[sender]]
    assert.ok(own !== undefined && lane !== undefined)
    const waiting = [...(queues[sender] ?? []), ...arriving]
    const turns = takeTurns(own, waiting, { sender: lane, account, ...timeAt(now) })
    const taken = turns.keys.flatMap((key) => waiting.filter((text) => text.key === key))
    lanes[sender] = turns.sender
    account = turns.account
    queues[sender] = waiting.filter((text) => !taken.includes(text))
    takes.push({ waiting, taken })
    dispatches.push(...taken.map((text) => ({ at: now, sender, text })))
  }
  return { dispatches, takes }
}

/** In each window that begins and ends with a dispatch: at most what the pace allows in it and the burst, and one text. */
function assertPace(dispatches: readonly { at: number; size: number }[], perTenSeconds: number): void {
  const largest = Math.max(0, ...dispatches.map(({ size }) => size))
  for (const [index, first] of dispatches.entries()) {
    let size = 0
    for (const last of dispatches.slice(index)) {
      size += last.size
      // Whole numbers on both sides: a pace of 0.1 is none.
      const allowed = perTenSeconds * (last.at - first.at + burstMs) + largest * 10_000
      assert.ok(size * 10_000 <= allowed, `${size} within ${last.at - first.at} ms at ${perTenSeconds / 10}`)
    }
  }
}

const perTenSeconds = fc.constantFrom(1, 10, 30, 37, 200, 1_000, 10_000, 90_000, 100_000)
const text = fc
  .record({
    person: fc.integer({ min: 1, max: 8 }),
    segmentCount: fc.oneof(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 30 })),
    isMms: fc.boolean(),
  })
  .map(({ person, ...size }) => textOf({ recipient: `person ${person}`, ...size }))
const steps = fc.array(
  fc.record({
    afterMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 50 }), fc.integer({ min: 0, max: 5_000 })),
    sender: fc.integer({ min: 0, max: 1 }),
    arriving: fc.array(text, { maxLength: 6 }),
  }),
  { minLength: 1, maxLength: 60 },
)
const anyTerms = fc.record({
  paces: fc.tuple(perTenSeconds, perTenSeconds),
  sms: fc.option(perTenSeconds, { nil: undefined }),
  mms: fc.option(perTenSeconds, { nil: undefined }),
  dailySegments: fc.option(fc.integer({ min: 1, max: 40 }), { nil: undefined }),
  takeMax: fc.constantFrom(1, 3, 100),
})

type AnyTerms = typeof anyTerms extends fc.Arbitrary<infer T> ? T : never

function bothTerms({ paces, sms, mms, dailySegments, takeMax }: AnyTerms): SenderTerms[] {
  return paces.map((pace) =>
    termsOf({
      segmentsPerSecond: pace / 10,
      takeMax,
      ...(sms === undefined ? {} : { smsPerSecond: sms / 10 }),
      ...(mms === undefined ? {} : { mmsPerSecond: mms / 10 }),
      ...(dailySegments === undefined ? {} : { dailySegments }),
    }),
  )
}

function forAnyRun(check: (run: Run, terms: AnyTerms) => void): void {
  fc.assert(
    fc.property(anyTerms, steps, (terms, taken) => check(run(bothTerms(terms), taken), terms)),
    { numRuns: 1_000 },
  )
}

suite('whatever arrives, and whenever it is looked for', () => {
  test('a number dispatches in any time what its pace allows in it and a second, and one text', () => {
    forAnyRun(({ dispatches }, { paces }) => {
      for (const [sender, pace] of paces.entries()) {
        const own = dispatches.filter((dispatch) => dispatch.sender === sender)
        assertPace(
          own.map(({ at, text }) => ({ at, size: text.segmentCount })),
          pace,
        )
      }
    })
  })

  test('an account dispatches over all its numbers what its pace allows for each kind of text', () => {
    forAnyRun(({ dispatches }, { sms, mms }) => {
      for (const [isMms, pace] of [[false, sms] as const, [true, mms] as const]) {
        const own = dispatches.filter(({ text }) => text.isMms === isMms)
        if (pace !== undefined)
          assertPace(
            own.map(({ at }) => ({ at, size: 1 })),
            pace,
          )
      }
    })
  })

  test('no day has more segments than it may, but for one text that is larger than a day', () => {
    forAnyRun(({ dispatches }, { dailySegments = Number.POSITIVE_INFINITY }) => {
      const byDay = Map.groupBy(dispatches, ({ at, sender }) => `${sender} ${Math.floor(at / dayMs)}`)
      for (const sizes of byDay.values()) {
        const segmentCount = sizes.reduce((sum, { text }) => sum + text.segmentCount, 0)
        assert.ok(segmentCount <= dailySegments || sizes.length === 1)
      }
    })
  })

  test('texts leave in their order, of one person one at a time, and none before an earlier one to that person', () => {
    forAnyRun(({ takes }, { takeMax }) => {
      for (const { waiting, taken } of takes) {
        const people = taken.map(({ recipient }) => recipient)
        assert.equal(new Set(people).size, people.length)
        assert.ok(taken.length <= takeMax)
        assert.deepEqual(
          taken,
          waiting.filter((text) => taken.includes(text)),
        )
        for (const text of taken)
          assert.equal(
            waiting.find(({ recipient }) => recipient === text.recipient),
            text,
          )
      }
    })
  })

  test('all of it leaves when it is looked at as told, and nothing waits longer than it must', () => {
    fc.assert(
      fc.property(anyTerms, fc.array(text, { minLength: 1, maxLength: 20 }), (terms, texts) => {
        const [own] = bothTerms(terms)
        assert.ok(own !== undefined)
        let [waiting, now] = [texts, start]
        let lanes = { sender: idleLane, account: idleLane }
        for (let looks = 0; waiting.length > 0; looks++) {
          assert.ok(looks <= 3 * texts.length, 'it is looked at in vain')
          const { keys, sender, account, lookAt } = takeTurns(own, waiting, { ...lanes, ...timeAt(now) })
          lanes = { sender, account }
          const people = waiting.flatMap(({ key, recipient }) => (keys.includes(key) ? [recipient] : []))
          waiting = waiting.filter((text) => !keys.includes(text.key))
          if (lookAt === undefined || waiting.length === 0) continue
          assert.ok(lookAt > now)
          const early = takeTurns(own, waiting, { ...lanes, ...timeAt(lookAt - 1) })
          const isNextBlocked = people.includes(waiting[0]?.recipient ?? '')
          assert.ok(isNextBlocked || early.keys.length === 0, 'it could have left earlier')
          now = lookAt
        }
      }),
      { numRuns: 1_000 },
    )
  })
})

suite('a pace', () => {
  for (const segmentsPerSecond of [0.1, 3, 75, 1_000, 7_777, 9_000, 10_000])
    test(`of ${segmentsPerSecond} is kept at each moment of a minute without a pause, and used`, () => {
      const terms = termsOf({ segmentsPerSecond })
      let lane = idleLane
      let count = 0
      for (let ms = 0; ms <= 60_000; ms++) {
        for (; turnAt(lane) <= start + ms; count++)
          lane = advance(lane, senderUse(terms, textOf()), timeAt(start + ms).time)
        const allowed = (segmentsPerSecond * (ms + burstMs)) / 1_000 + 1
        assert.ok(count <= allowed, `${count} of ${allowed} after ${ms} ms`)
        assert.ok(count >= allowed * 0.994 - 2, `${count} of ${allowed} after ${ms} ms`)
      }
    })

  test('makes room for what was sent directly: the queue waits until that has left', () => {
    const terms = termsOf({ segmentsPerSecond: 2 })
    let lane = idleLane
    for (let count = 0; count < 10; count++) lane = advance(lane, senderUse(terms, textOf()), timeAt(start).time)
    assert.equal(turnAt(lane), start + 5_000 - burstMs)
    const turns = takeTurns(terms, [textOf()], { sender: lane, account: idleLane, ...timeAt(start) })
    assert.deepEqual([turns.keys, turns.lookAt, turns.sender], [[], start + 4_000, lane])
  })

  test('is not made up for: a number that was idle for an hour has a burst of a second', () => {
    const texts = Array.from({ length: 20 }, () => textOf())
    const terms = termsOf({ segmentsPerSecond: 5 })
    const sender = { ...idleLane, freeAt: start - 3_600_000 }
    const turns = takeTurns(terms, texts, { sender, account: idleLane, ...timeAt(start) })
    assert.deepEqual([turns.keys.length, turns.lookAt], [6, start + 200])
  })

  test('stands still until the time that the provider has asked for', () => {
    const sender = { ...idleLane, slowedUntil: start + 30_000 }
    const turns = takeTurns(termsOf(), [textOf()], { sender, account: idleLane, ...timeAt(start) })
    assert.deepEqual([turns.keys, turns.lookAt], [[], start + 30_000])
  })

  test('is taken from neither lane by a text that the other one has no room for', () => {
    const account = { ...idleLane, freeAt: start + 60_000 }
    const terms = termsOf({ smsPerSecond: 1 })
    const turns = takeTurns(terms, [textOf()], { sender: idleLane, account, ...timeAt(start) })
    assert.deepEqual([turns.keys, turns.sender, turns.account], [[], idleLane, account])
    const mms = textOf({ isMms: true })
    assert.deepEqual(takeTurns(terms, [mms], { sender: idleLane, account, ...timeAt(start) }).keys, [mms.key])
  })

  test('holds for no text of a number that is paused: all are looked at, to be held', () => {
    const texts = [textOf({ segmentCount: 30 }), textOf({ segmentCount: 30 }), textOf()]
    const lanes = { sender: { ...idleLane, freeAt: start + 60_000 }, account: idleLane }
    const turns = takeTurns(termsOf({ paused: true }), texts, { ...lanes, ...timeAt(start) })
    assert.deepEqual(turns, { keys: texts.map((text) => text.key), ...lanes })
  })
})

suite('a day', () => {
  const terms = termsOf({ segmentsPerSecond: 1_000, dailySegments: 10 })
  const [before, after] = [timeAt(start), timeAt(start + dayMs)]

  test('that is full ends for the whole number, and the next one begins with all its room', () => {
    const texts = [textOf({ segmentCount: 8 }), textOf({ segmentCount: 3 }), textOf()]
    const first = takeTurns(terms, texts, { sender: idleLane, account: idleLane, ...before })
    assert.deepEqual([first.keys, first.lookAt], [[texts[0]?.key], before.nextDayAt])
    assert.equal(turnAt(first.sender), before.nextDayAt)
    const second = takeTurns(terms, texts.slice(1), { ...first, ...after })
    assert.deepEqual([second.keys.length, second.sender.daySegments], [2, 4])
  })

  test('has room once for a text that is larger than any day, and for nothing beside it', () => {
    const texts = [textOf(), textOf({ segmentCount: 25 }), textOf()]
    const first = takeTurns(terms, texts, { sender: idleLane, account: idleLane, ...before })
    assert.deepEqual(first.keys, [texts[0]?.key])
    const second = takeTurns(terms, texts.slice(1), { ...first, ...after })
    assert.deepEqual(second.keys, [texts[1]?.key])
  })

  test('is not begun anew by a process whose clock is a little behind at midnight', () => {
    const full = takeTurns(terms, [textOf({ segmentCount: 10 })], { sender: idleLane, account: idleLane, ...after })
    const sender = { ...full.sender, freeAt: 0 }
    const turns = takeTurns(terms, [textOf()], { sender, account: idleLane, ...before })
    assert.deepEqual([turns.keys, turns.sender.daySegments], [[], 10])
    const later = advance(sender, { costMs: 1, segmentCount: 1 }, before.time)
    assert.deepEqual([later.day, later.daySegments], [after.time.day, 11])
  })
})

test('a direct send of a strict number waits for the later of its two lanes', () => {
  const sender = { ...idleLane, freeAt: start + 3_000 }
  const account = { ...idleLane, freeAt: start + 5_000 }
  const direct = (now: number) => ({ ...timeAt(now), segmentCount: 1 })
  assert.equal(directTurnAt({ sender }, direct(start)), start + 2_000)
  assert.equal(directTurnAt({ sender, account }, direct(start)), start + 4_000)
  assert.equal(directTurnAt({ sender, account }, direct(start + 4_000)), start + 4_000)
  assert.equal(directTurnAt({ sender: idleLane }, direct(start)), start)
})

suite('what a number is, by its digits', () => {
  const rows: readonly [phoneNumber: string, type: string][] = [
    ...['800', '833', '844', '855', '866', '877', '888'].map((code): [string, string] => [
      `+1${code}5550142`,
      'toll_free',
    ]),
    ['+18225550142', 'long_code'],
    ['+12025550142', 'long_code'],
    ['+8005550142', 'long_code'],
    ['+1800555', 'long_code'],
    ['+12345', 'short_code'],
    ['+123456', 'short_code'],
    ['+1234567', 'long_code'],
  ]
  for (const [phoneNumber, type] of rows)
    test(`${phoneNumber}: ${type}`, () => assert.equal(senderTypeOf(phoneNumber), type))
})
