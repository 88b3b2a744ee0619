import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Evidence, receiptStatuses, statusOf } from './message-status.ts'

const facts: Evidence[] = [
  { kind: 'accepted' },
  { kind: 'attempt_unknown' },
  { kind: 'window_passed' },
  { kind: 'given_up', reason: 'landline' },
  { kind: 'given_up', reason: 'recipient_opted_out' },
  ...receiptStatuses.map((status): Evidence => ({ kind: 'receipt', status })),
]

test('any order and any repetition of the evidence gives the same status', () => {
  fc.assert(
    fc.property(
      fc
        .uniqueArray(fc.constantFrom(...facts))
        .chain((set) =>
          fc.tuple(fc.constant(set), fc.shuffledSubarray(set, { minLength: set.length }), fc.subarray(set)),
        ),
      ([set, shuffled, repeated]) => {
        assert.equal(statusOf([...shuffled, ...repeated]), statusOf(set))
      },
    ),
  )
})

test('a late "sent" receipt does not undo "delivered", and an unresolved attempt stays "sending"', () => {
  const delivered: Evidence = { kind: 'receipt', status: 'delivered' }
  assert.equal(statusOf([{ kind: 'accepted' }, delivered, { kind: 'receipt', status: 'sent' }]), 'delivered')
  assert.equal(statusOf([]), 'sending')
  assert.equal(statusOf([{ kind: 'attempt_unknown' }]), 'sending')
  assert.equal(statusOf([{ kind: 'attempt_unknown' }, { kind: 'window_passed' }]), 'unknown')
})
