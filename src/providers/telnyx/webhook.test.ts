import assert from 'node:assert/strict'
import { test } from 'node:test'
import { telnyxProviderAccount } from '../../../test/support/provider-accounts.ts'
import { telnyxWebhook } from '../../../test/support/signed-webhooks.ts'
import { readTelnyxWebhook } from './webhook.ts'

const now = Date.UTC(2026, 10, 24, 12)
const read = (data: object) => readTelnyxWebhook(telnyxWebhook({ data }, { at: now }), telnyxProviderAccount(), now)
const payload = { id: 'id-1', to: [{ phone_number: '+12025550199', status: 'delivery_failed' }] }

test("an error's title and detail are kept without the person's number, and the time is the provider's", () => {
  const reading = read({
    event_type: 'message.finalized',
    occurred_at: '2026-11-24T11:59:59.148+00:00',
    payload: {
      ...payload,
      errors: [{ code: 40300, title: 'Blocked', detail: 'STOP from +12025550199' }, { code: '1' }],
    },
  })
  assert.ok(reading.kind === 'receipt')
  assert.deepEqual(reading.receipt, {
    providerMessageId: 'id-1',
    providerStatus: 'delivery_failed',
    status: 'undelivered',
    failure: {
      reason: 'recipient_opted_out',
      providerCode: '40300',
      providerMessage: 'Blocked: STOP from +***********',
    },
    occurredAt: Date.UTC(2026, 10, 24, 11, 59, 59, 148),
  })
})

test('a time that cannot be read, and a callback URL that is none, are absent', () => {
  for (const odd of ['1.5', 'yesterday', 1_700_000_000, null, '2026-13-45T99:00:00Z']) {
    const reading = read({ event_type: 'message.sent', occurred_at: odd, payload: { ...payload, webhook_url: odd } })
    assert.ok(reading.kind === 'receipt')
    assert.ok(!('occurredAt' in reading.receipt) && reading.callbackUrl === undefined)
  }
})

test('an inbound text is told apart from an outbound one by its event alone', () => {
  const text = { ...payload, from: { phone_number: '+12025550199' }, text: 'Hi' }
  const inbound = { ...text, to: [{ phone_number: '+12025550143', status: 'webhook_delivered' }] }
  assert.equal(read({ event_type: 'message.received', payload: inbound }).kind, 'inbound')
  assert.equal(read({ event_type: 'message.finalized', payload: text }).kind, 'receipt')
})
