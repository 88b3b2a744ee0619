import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { manualClock } from '../../test/support/manual-clock.ts'
import { SmsError } from '../core/errors.ts'
import { delayMsMax, freeFailures, makeAttemptLimits, networkOf } from './attempt-limits.ts'

function limits() {
  const clock = manualClock(1_790_000_000_000)
  const attempts = makeAttemptLimits({ clock })
  const waitMs = (name: string, address: string): number => {
    try {
      attempts.begin({ name, address })
      return 0
    } catch (error) {
      assert.ok(error instanceof SmsError && error.code === 'rate_limited')
      return error.retryAfterMs ?? 0
    }
  }
  return { clock, attempts, waitMs }
}

test('after five failures each further one doubles the wait, up to a quarter of an hour', () => {
  const { clock, waitMs } = limits()
  const fail = () => assert.equal(waitMs('ann', `10.0.0.${next++}`), 0)
  let next = 0
  for (let failure = 0; failure < freeFailures.name; failure++) fail()
  const waits = Array.from({ length: 12 }, () => {
    const wait = waitMs('ann', '10.1.0.1')
    clock.advance(wait)
    fail()
    return wait / 1_000
  })
  assert.deepEqual(waits, [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900])
  assert.equal(delayMsMax, 900_000)
})

test('an attempt that has to wait is not counted, and who waits is let in again', () => {
  const { clock, waitMs } = limits()
  for (let failure = 0; failure < freeFailures.name; failure++) waitMs('ann', '10.0.0.1')
  for (let tries = 0; tries < 50; tries++) assert.equal(waitMs('ann', '10.0.0.1'), 1_000)
  clock.advance(1_000)
  assert.equal(waitMs('ann', '10.0.0.1'), 0)
})

test('an address waits after twenty failures whatever the names, others do not', () => {
  const { waitMs } = limits()
  for (let failure = 0; failure < freeFailures.address; failure++)
    assert.equal(waitMs(`name ${failure}`, '10.0.0.1'), 0)
  assert.equal(waitMs('one more', '10.0.0.1'), 1_000)
  assert.equal(waitMs('one more', '10.0.0.2'), 0)
})

test('success forgives the name everything and the address that attempt', () => {
  const { attempts, waitMs } = limits()
  for (let round = 0; round < 30; round++) attempts.begin({ name: 'ann', address: '10.0.0.1' }).succeeded()
  for (let failure = 0; failure < 4; failure++) waitMs('ann', '10.0.0.2')
  attempts.begin({ name: 'ann', address: '10.0.0.2' }).succeeded()
  for (let failure = 0; failure < freeFailures.name; failure++) assert.equal(waitMs('ann', '10.0.0.3'), 0)
  assert.equal(waitMs('ann', '10.0.0.3'), 1_000)
})

test('what was not judged is no attempt', () => {
  const { attempts, waitMs } = limits()
  for (let round = 0; round < 100; round++) attempts.begin({ name: 'ann', address: '10.0.0.1' }).withdraw()
  assert.equal(waitMs('ann', '10.0.0.1'), 0)
})

test('many at once do not slip through together', () => {
  const { attempts } = limits()
  const begun = Array.from({ length: 100 }, () => {
    try {
      return attempts.begin({ name: 'ann', address: '10.0.0.1' })
    } catch {
      return undefined
    }
  })
  assert.equal(begun.filter((attempt) => attempt !== undefined).length, freeFailures.name)
})

test('failures are forgotten after an hour without one', () => {
  const { clock, waitMs } = limits()
  for (let failure = 0; failure < freeFailures.name; failure++) waitMs('ann', '10.0.0.1')
  clock.advance(60 * 60_000)
  for (let failure = 0; failure < freeFailures.name; failure++) assert.equal(waitMs('ann', '10.0.0.1'), 0)
})

suite('a network is the address of IPv4, half the address of IPv6', () => {
  for (const [address, network] of [
    ['203.0.113.7', '203.0.113.7'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:DB8:1:2::6', '2001:db8:1:2'],
    ['2001:db8::6', '2001:db8:0:0'],
    ['fe80::1%eth0', 'fe80:0:0:0'],
    ['::1', '0:0:0:0'],
    ['2001::', '2001:0:0:0'],
  ] as const)
    test(address, () => assert.equal(networkOf(address), network))
})
