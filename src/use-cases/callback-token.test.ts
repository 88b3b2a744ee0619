import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { test } from 'node:test'
import { makeMessageId } from '../core/message-id.ts'
import { makeCallbackTokens } from './callback-token.ts'

const publicUrl = 'https://sms.example.com'
const id = makeMessageId(1_790_000_000_000, new Uint8Array(16).fill(7))
const other = makeMessageId(1_790_000_000_000, new Uint8Array(16).fill(8))
const present = new Uint8Array(32).fill(1)
const older = new Uint8Array(32).fill(2)

function tokenIn(url: string): string {
  return new URL(url).searchParams.get('token') ?? ''
}

test('the token is the first half of HMAC-SHA-256 over the id, under the present key', () => {
  const url = makeCallbackTokens({ publicUrl, keys: [present, older] }).urlFor({ id, provider: 'twilio' })
  const expected = createHmac('sha256', present).update(id).digest().subarray(0, 16).toString('base64url')
  assert.equal(url, `https://sms.example.com/webhooks/sms/twilio?message_id=${id}&token=${expected}`)
})

test('while keys rotate, tokens of each of them are good; of no other key, and for no other message', () => {
  const before = makeCallbackTokens({ publicUrl, keys: [older] })
  const during = makeCallbackTokens({ publicUrl, keys: [present, older] })
  const after = makeCallbackTokens({ publicUrl, keys: [present] })
  const token = tokenIn(before.urlFor({ id, provider: 'twilio' }))
  assert.equal(during.verify(id, token), true)
  assert.equal(after.verify(id, token), false)
  assert.equal(during.verify(other, token), false)
  for (const wrong of ['', token.slice(1), `${token}A`]) assert.equal(during.verify(id, wrong), false)
})
