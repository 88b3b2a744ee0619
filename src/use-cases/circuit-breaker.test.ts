import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { manualClock } from '../../test/support/manual-clock.ts'
import { silentLog } from '../../test/support/silent-log.ts'
import type { SendOutcome } from '../core/send-outcome.ts'
import type { LogFields } from '../ports/log.ts'
import { makeMetrics } from '../telemetry/metrics.ts'
import { failuresInARowMax, makeCircuitBreakers, notSentBecauseOpen } from './circuit-breaker.ts'

const unreachable: SendOutcome = { kind: 'not_sent', failure: { reason: 'provider_unavailable' } }
const lost: SendOutcome = { kind: 'unknown', detail: 'HTTP 503' }
const accepted: SendOutcome = { kind: 'accepted', providerMessageId: 'x', providerStatus: 'queued' }
const refused: SendOutcome = { kind: 'rejected', failure: { reason: 'landline' } }
const tooFast: SendOutcome = { kind: 'not_sent', failure: { reason: 'rate_limited' }, retryAfterMs: 1_000 }

const account = { id: 7, provider: 'one' }
const other = { id: 8, provider: 'two' }

function build() {
  const clock = manualClock(1_000)
  const lines: [event: string, LogFields | undefined][] = []
  const note = (event: string, fields?: LogFields) => lines.push([event, fields])
  const metrics = makeMetrics()
  const breakers = makeCircuitBreakers({ clock, metrics, log: { ...silentLog, info: note, warn: note } })
  const fail = (times: number, failed = account) => {
    for (let count = 0; count < times; count++) breakers.record(failed, count % 2 === 0 ? unreachable : lost)
  }
  return { clock, lines, metrics, breakers, fail }
}

suite('an account that does not answer', () => {
  test('is called as before until its twentieth failure in a row, and then left alone', () => {
    const { breakers, fail } = build()
    fail(failuresInARowMax - 1)
    assert.deepEqual([breakers.mayCall(account.id), breakers.isOpen(account.id)], [true, false])
    fail(1)
    assert.deepEqual([breakers.mayCall(account.id), breakers.isOpen(account.id)], [false, true])
    assert.deepEqual(breakers.resting(), [account.id])
  })

  test('is not the business of other accounts', () => {
    const { breakers, fail } = build()
    fail(failuresInARowMax)
    assert.deepEqual([breakers.mayCall(other.id), breakers.isOpen(other.id)], [true, false])
  })

  test('is probed once in a second, also when the probes fail', () => {
    const { clock, breakers, fail } = build()
    fail(failuresInARowMax)
    for (let second = 0; second < 3; second++) {
      clock.advance(999)
      assert.equal(breakers.mayCall(account.id), false)
      clock.advance(1)
      assert.deepEqual(breakers.resting(), [])
      assert.deepEqual([breakers.mayCall(account.id), breakers.mayCall(account.id)], [true, false])
      assert.deepEqual(breakers.resting(), [account.id])
      fail(1)
      assert.equal(breakers.mayCall(account.id), false)
    }
  })

  test('is probed in its time, although calls that were under way before still fail', () => {
    const { clock, breakers, fail } = build()
    fail(failuresInARowMax)
    clock.advance(600)
    fail(50)
    clock.advance(400)
    assert.equal(breakers.mayCall(account.id), true)
  })

  for (const [what, answer] of Object.entries({ accepted, refused, tooFast }))
    test(`is called as before after its first answer (${what}), and has twenty failures again`, () => {
      const { breakers, fail } = build()
      fail(failuresInARowMax)
      breakers.record(account, answer)
      assert.deepEqual([breakers.isOpen(account.id), breakers.resting()], [false, []])
      fail(failuresInARowMax - 1)
      assert.equal(breakers.mayCall(account.id), true)
      breakers.record(account, answer)
      fail(failuresInARowMax - 1)
      assert.equal(breakers.mayCall(account.id), true)
    })

  test('is told of once when it is left alone and once when it answers, with nothing but ids', () => {
    const { lines, breakers, fail } = build()
    fail(failuresInARowMax + 5)
    breakers.record(account, refused)
    breakers.record(account, accepted)
    assert.deepEqual(lines, [
      ['circuit.opened', { providerAccountId: 7, provider: 'one', failuresInARow: 20 }],
      ['circuit.closed', { providerAccountId: 7, provider: 'one', failuresInARow: 25 }],
    ])
  })

  test('is counted for its provider', async () => {
    const { metrics, breakers, fail } = build()
    fail(failuresInARowMax)
    fail(failuresInARowMax, { id: 9, provider: 'one' })
    fail(failuresInARowMax, other)
    breakers.record(other, accepted)
    const page = await metrics.render()
    assert.match(page, /^textbridge_circuit_open\{provider="one"\} 2$/m)
    assert.match(page, /^textbridge_circuit_open\{provider="two"\} 0$/m)
  })
})

test('of ten thousand accounts that fail, the one that failed least lately is forgotten for the next', async () => {
  const { metrics, breakers, fail } = build()
  fail(failuresInARowMax)
  for (let id = 100; id < 10_099; id++) fail(1, { id, provider: 'two' })
  assert.ok(breakers.isOpen(account.id))
  fail(1)
  fail(1, { id: 10_099, provider: 'two' })
  assert.ok(breakers.isOpen(account.id))
  for (let id = 10_100; id < 20_100; id++) fail(1, { id, provider: 'two' })
  assert.deepEqual([breakers.isOpen(account.id), breakers.mayCall(account.id)], [false, true])
  assert.match(await metrics.render(), /^textbridge_circuit_open\{provider="one"\} 0$/m)
})

test('a direct send that is not tried says why', () => {
  assert.deepEqual(notSentBecauseOpen, {
    kind: 'not_sent',
    failure: { reason: 'provider_unavailable', providerMessage: 'not asked: its last 20 calls failed' },
  })
})
