import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { DeliveryReceipt } from './delivery-receipt.ts'
import { conclude, keepsGuard } from './evidence.ts'
import type { Attempt } from './message.ts'
import { receiptStatuses } from './message-status.ts'

const open: Attempt = { number: 1, startedAt: 1 }
const unknown: Attempt = { ...open, finishedAt: 2, outcome: { kind: 'unknown', detail: 'reset' } }
const accepted: Attempt = {
  ...open,
  finishedAt: 2,
  outcome: { kind: 'accepted', providerMessageId: 'SM1', providerStatus: 'queued' },
}
const rejected: Attempt = {
  ...open,
  finishedAt: 2,
  closedAt: 2,
  outcome: { kind: 'rejected', failure: { reason: 'landline', providerCode: '21614' } },
}
const optedOut: Attempt = { ...rejected, outcome: { kind: 'rejected', failure: { reason: 'recipient_opted_out' } } }
const limited: Attempt = { ...open, finishedAt: 2, outcome: { kind: 'not_sent', failure: { reason: 'rate_limited' } } }

function receipt(providerStatus: string, more: Partial<DeliveryReceipt> = {}): DeliveryReceipt {
  const status = receiptStatuses.find((candidate) => candidate === providerStatus)
  return { providerMessageId: 'SM1', providerStatus, ...(status === undefined ? {} : { status }), ...more }
}

const rows: [what: string, attempts: Attempt[], receipts: DeliveryReceipt[], status: string, reason?: string][] = [
  ['an attempt under way', [open], [], 'sending'],
  ['an attempt without a usable answer', [unknown], [], 'sending'],
  ['the same when its window has passed', [{ ...unknown, closedAt: 9 }], [], 'unknown'],
  ['an attempt that its process did not survive', [{ ...open, closedAt: 9 }], [], 'unknown'],
  ['an accepted attempt', [accepted], [], 'sent'],
  ['an unknown attempt of which a person says that it was sent', [{ ...unknown, vouchedAt: 9 }], [], 'sent'],
  ['a refusal', [rejected], [], 'failed', 'landline'],
  ['a refusal because of an opt-out', [optedOut], [], 'suppressed', 'recipient_opted_out'],
  ['a wait between two attempts', [limited], [], 'sending'],
  ['the end of such waits', [{ ...limited, closedAt: 9 }], [], 'failed', 'rate_limited'],
  [
    'a new attempt after one given up',
    [
      { ...unknown, closedAt: 9 },
      { ...open, number: 2 },
    ],
    [],
    'sending',
  ],
  [
    'a refusal after one that may have gone out',
    [
      { ...unknown, closedAt: 9 },
      { ...rejected, number: 2 },
    ],
    [],
    'unknown',
  ],
  ['a late receipt for an unknown message', [{ ...unknown, closedAt: 9 }], [receipt('delivered')], 'delivered'],
  ['"sent" after "delivered"', [accepted], [receipt('delivered'), receipt('sent')], 'delivered'],
  ['a word that no table knows', [unknown], [receipt('teleported')], 'sent'],
  [
    'a failure without a code after one with a code',
    [accepted],
    [receipt('undelivered', { failure: { reason: 'unreachable', providerCode: '30003' } }), receipt('undelivered')],
    'undelivered',
    'unreachable',
  ],
  [
    'a refusal that arrives as a receipt because of an opt-out',
    [accepted],
    [receipt('failed', { failure: { reason: 'recipient_opted_out', providerCode: '40300' } })],
    'suppressed',
    'recipient_opted_out',
  ],
]
for (const [what, attempts, receipts, status, reason] of rows)
  test(`${what} is ${status}`, () => {
    const conclusion = conclude({ attempts, receipts })
    assert.deepEqual([conclusion.status, conclusion.failure?.reason], [status, reason])
  })

test('any order and any repetition of the evidence gives the same conclusion', () => {
  const failure = fc.constantFrom(
    undefined,
    { reason: 'unreachable', providerCode: '30003' } as const,
    { reason: 'carrier_filtered', providerCode: '30007' } as const,
    { reason: 'unrecognized' } as const,
  )
  const anyReceipt = fc
    .record({ word: fc.constantFrom(...receiptStatuses, 'teleported'), failure })
    .map((facts) => receipt(facts.word, facts.failure === undefined ? {} : { failure: facts.failure }))
  const anyAttempts = fc
    .array(fc.constantFrom(open, unknown, accepted, rejected, optedOut, limited), { minLength: 1, maxLength: 3 })
    .chain((attempts) =>
      fc.tuple(
        ...attempts.map((attempt, index) =>
          fc.boolean().map((closed) => ({ ...attempt, number: index + 1, ...(closed ? { closedAt: 9 } : {}) })),
        ),
      ),
    )
  const shuffled = <T>(all: readonly T[]) => fc.shuffledSubarray([...all], { minLength: all.length })
  fc.assert(
    fc.property(
      fc.tuple(anyAttempts, fc.array(anyReceipt, { maxLength: 6 })).chain(([attempts, receipts]) =>
        fc.record({
          given: fc.constant({ attempts, receipts }),
          attempts: shuffled(attempts),
          receipts: shuffled(receipts),
          repeated: fc.subarray(receipts),
        }),
      ),
      ({ given, attempts, receipts, repeated }) => {
        assert.deepEqual(conclude({ attempts, receipts: [...receipts, ...repeated] }), conclude(given))
      },
    ),
  )
})

test('an identical send joins while the first is unresolved, and after a lost answer also when it did go out', () => {
  for (const status of ['sending', 'unknown'] as const) assert.equal(keepsGuard(status, [accepted], { now: 1 }), true)
  for (const status of ['sent', 'delivered', 'undelivered'] as const) {
    assert.equal(keepsGuard(status, [accepted], { now: 1 }), false)
    assert.equal(keepsGuard(status, [unknown], { now: 1 }), true)
    assert.equal(keepsGuard(status, [unknown, { ...accepted, number: 2 }], { now: 1 }), true)
  }
  for (const status of ['failed', 'expired', 'canceled', 'suppressed'] as const)
    assert.equal(keepsGuard(status, [unknown], { now: 1 }), false)
})

test('what waits goes back to the queue when it was not sent, unless an earlier attempt may have gone out', () => {
  const refused: Attempt = {
    number: 1,
    startedAt: 1,
    finishedAt: 2,
    outcome: { kind: 'not_sent', failure: { reason: 'rate_limited' } },
  }
  assert.equal(conclude({ attempts: [refused], receipts: [], queued: true }).status, 'queued')
  assert.equal(conclude({ attempts: [refused], receipts: [] }).status, 'sending')
  assert.equal(
    conclude({ attempts: [unknown, { ...refused, number: 2 }], receipts: [], queued: true }).status,
    'sending',
  )
  assert.equal(conclude({ attempts: [{ ...refused, closedAt: 3 }], receipts: [], queued: true }).status, 'failed')
})

test('where the policy holds duplicates back, so does every text that may have reached its person, for its time', () => {
  const duplicates = { duplicateUntil: 10, now: 9 }
  for (const status of ['queued', 'held', 'sent', 'delivered', 'undelivered'] as const) {
    assert.equal(keepsGuard(status, [accepted], duplicates), true)
    assert.equal(keepsGuard(status, [accepted], { ...duplicates, now: 10 }), false)
  }
  for (const status of ['failed', 'canceled', 'expired', 'suppressed', 'scheduled'] as const)
    assert.equal(keepsGuard(status, [accepted], duplicates), false)
})
