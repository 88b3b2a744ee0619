import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { eventually, type ManualClock, manualClock } from '../../test/support/manual-clock.ts'
import { type DatabaseClock, sampleIntervalMs, startDatabaseClock } from './database-clock.ts'

/** Nothing of this machine's wall clock is right, and its monotonic one begins anywhere. */
const machineStart = 5_000
const databaseStart = 1_790_000_000_000

type Installation = {
  readonly clock: DatabaseClock
  readonly machine: ManualClock
  readonly logged: readonly string[]
  readonly skews: readonly number[]
  databaseNow(): number
  setDatabase(byMs: number): void
  setMachine(byMs: number): void
  /** The next answers take so long, and the time was read so long before they arrive. */
  answer(takenMs: number, readBeforeMs?: number): void
  fail(error: Error | undefined): void
  /** Lets the time pass until the next sample was taken; `ms` when some of it has passed. */
  sample(ms?: number): Promise<void>
}

async function start(options: { readonly takenMs?: number; readonly wallMs?: number } = {}): Promise<Installation> {
  const machine = manualClock(machineStart)
  const logged: string[] = []
  const skews: number[] = []
  const note = (event: string) => void logged.push(event)
  let setMs = 0
  let wallMs = options.wallMs ?? 0
  let taken = { takenMs: options.takenMs ?? 0, readBeforeMs: 0 }
  let failure: Error | undefined
  let samples = 0
  const databaseNow = () => databaseStart + machine.monotonicMs() - machineStart + setMs
  const clock = await startDatabaseClock({
    base: { ...machine, now: () => databaseNow() - setMs + wallMs },
    async readTime() {
      samples++
      if (failure !== undefined) throw failure
      machine.advance(taken.takenMs - taken.readBeforeMs)
      const read = databaseNow()
      machine.advance(taken.readBeforeMs)
      return read
    },
    log: { debug: note, info: note, warn: note, error: note },
    metrics: { clockSkew: (aheadMs) => void skews.push(aheadMs) },
  })
  return {
    clock,
    machine,
    logged,
    skews,
    databaseNow,
    setDatabase: (byMs) => {
      setMs += byMs
    },
    setMachine: (byMs) => {
      wallMs += byMs
    },
    answer: (takenMs, readBeforeMs = 0) => {
      taken = { takenMs, readBeforeMs }
    },
    fail: (error) => {
      failure = error
    },
    async sample(ms = sampleIntervalMs) {
      const before = samples
      machine.advance(ms)
      await eventually(() => samples > before)
    },
  }
}

/** At most what the drift of five seconds, and the whole milliseconds, put between them. */
const isJustBehind = ({ clock, databaseNow }: Installation) => {
  const behindMs = databaseNow() - clock.now()
  assert.ok(behindMs >= 0 && behindMs <= 4, `behind by ${behindMs} ms`)
}

suite('the time is the database’s', () => {
  for (const wallMs of [0, -86_400_000, 3_600_000])
    test(`with a machine whose own clock is ${wallMs} ms off`, async () => {
      const installation = await start({ wallMs })
      for (const stepMs of [0, 1, 999, 4_000]) {
        installation.machine.advance(stepMs)
        isJustBehind(installation)
      }
      await installation.sample()
      isJustBehind(installation)
      await installation.clock.stop()
    })

  test('also when the machine’s clock jumps between two samples', async () => {
    const installation = await start()
    for (const jumpMs of [3_600_000, -7_200_000]) {
      installation.setMachine(jumpMs)
      isJustBehind(installation)
      await installation.sample()
      isJustBehind(installation)
    }
    assert.ok(!installation.logged.includes('clock.jumped'))
    await installation.clock.stop()
  })

  test('and never ahead of it, nor back, whatever the answers take and wherever in that time they were read', async () => {
    const installation = await start({ takenMs: 300 })
    let last = 0
    for (let round = 0; round < 200; round++) {
      const takenMs = (round * 37) % 400
      installation.answer(takenMs, (round * 101) % (takenMs + 1))
      await installation.sample()
      const now = installation.clock.now()
      assert.ok(now <= installation.databaseNow(), `ahead in round ${round}`)
      assert.ok(now >= last, `back in round ${round}`)
      last = now
    }
    assert.ok(!installation.logged.includes('clock.jumped'))
    await installation.clock.stop()
  })

  test('a slow answer takes nothing from a quick one', async () => {
    const installation = await start()
    installation.answer(3_000, 3_000)
    await installation.sample()
    const behindMs = installation.databaseNow() - installation.clock.now()
    assert.ok(behindMs >= 0 && behindMs <= 6, `behind by ${behindMs} ms`)
    await installation.clock.stop()
  })
})

test('a small correction backwards lets time stand still until it is caught up', async () => {
  const installation = await start()
  const { clock, machine } = installation
  machine.advance(sampleIntervalMs - 1)
  const told = clock.now()
  installation.setDatabase(-80)
  await installation.sample(1)
  machine.advance(20)
  assert.equal(clock.now(), told)
  assert.ok(told > installation.databaseNow())
  machine.advance(100)
  assert.ok(clock.now() > told)
  isJustBehind(installation)
  assert.ok(!installation.logged.includes('clock.jumped'))
  await clock.stop()
})

for (const [direction, byMs] of [
  ['back', -3_600_000],
  ['forward', 3_600_000],
] as const)
  test(`a database whose clock is set ${direction} by an hour is followed, and the log says so`, async () => {
    const installation = await start()
    installation.setDatabase(byMs)
    await installation.sample()
    isJustBehind(installation)
    assert.ok(installation.logged.includes('clock.jumped'))
    await installation.clock.stop()
  })

test('while the database does not answer, time goes on by the last answer, and the log says so', async () => {
  const installation = await start()
  installation.fail(new Error('away'))
  await installation.sample()
  await installation.sample()
  const behindMs = installation.databaseNow() - installation.clock.now()
  assert.ok(behindMs >= 0 && behindMs <= 6, `behind by ${behindMs} ms`)
  assert.deepEqual(installation.logged, ['clock.not_sampled', 'clock.not_sampled'])
  installation.fail(undefined)
  await installation.sample()
  isJustBehind(installation)
  await installation.clock.stop()
})

test('a database that does not answer at first stops the start', async () => {
  await assert.rejects(
    () =>
      startDatabaseClock({
        base: manualClock(0),
        readTime: () => Promise.reject(new Error('away')),
        log: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
        metrics: { clockSkew: () => undefined },
      }),
    /away/,
  )
})

test('a machine more than a second off is told once, and once when it is in step again', async () => {
  const installation = await start({ wallMs: 1_500 })
  await installation.sample()
  assert.deepEqual(installation.logged, ['clock.skewed'])
  installation.setMachine(-1_400)
  await installation.sample()
  await installation.sample()
  assert.deepEqual(installation.logged, ['clock.skewed', 'clock.in_step'])
  assert.deepEqual([installation.skews.length, installation.skews[0], installation.skews.at(-1)], [4, 1_500, 100])
  await installation.clock.stop()
})

test('no sample is taken after it was stopped', async () => {
  const installation = await start()
  await installation.clock.stop()
  installation.fail(new Error('asked'))
  installation.machine.advance(10 * sampleIntervalMs)
  await new Promise((resolve) => setImmediate(resolve))
  assert.deepEqual(installation.logged, [])
})
