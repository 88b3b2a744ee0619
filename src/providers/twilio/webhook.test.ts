import assert from 'node:assert/strict'
import { test } from 'node:test'
import { twilioProviderAccount } from '../../../test/support/provider-accounts.ts'
import { twilioWebhook } from '../../../test/support/signed-webhooks.ts'
import { readTwilioWebhook } from './webhook.ts'

const read = (fields: Record<string, string>) => readTwilioWebhook(twilioWebhook(fields), twilioProviderAccount())

test("the sentence of an error is kept without the person's number", () => {
  const reading = read({
    MessageSid: 'SM1',
    MessageStatus: 'failed',
    ErrorCode: '30006',
    ErrorMessage: 'Landline (202) 555-0199, see https://x.example/+12025550199',
  })
  assert.ok(reading.kind === 'receipt')
  assert.deepEqual(reading.receipt.failure, {
    reason: 'landline',
    providerCode: '30006',
    providerMessage: 'Landline (***) ***-****, see https://…',
  })
})

test('an empty error code is none', () => {
  const reading = read({ MessageSid: 'SM1', MessageStatus: 'sent', ErrorCode: '' })
  assert.ok(reading.kind === 'receipt' && reading.receipt.failure === undefined)
})

test('the words of an inbound text are not a status, and a callback that carries a text is still one', () => {
  const text = { MessageSid: 'SM1', From: '+12025550199', To: '+12025550142', Body: 'delivered' }
  assert.equal(read({ ...text, SmsStatus: 'received' }).kind, 'inbound')
  assert.equal(read(text).kind, 'inbound')
  assert.equal(read({ ...text, SmsStatus: 'delivered', MessageStatus: 'delivered' }).kind, 'receipt')
})
