import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventBodyOf, eventKeyOf, inboundBodyOf, type ToldEvent } from './event-body.ts'
import type { Message } from './message.ts'
import { makeMessageId } from './message-id.ts'
import { parseE164 } from './phone-number.ts'

const at = Date.parse('2027-01-31T12:00:00Z')
const id = makeMessageId(at, new Uint8Array(16))

const message: Message = {
  id,
  organizationId: 1,
  direction: 'outbound',
  assistantId: 3,
  senderId: 4,
  providerAccountId: 5,
  provider: 'telnyx',
  sender: parseE164('+12025550142'),
  recipient: parseE164('+12025550199'),
  body: 'Hello',
  mediaUrls: [],
  encoding: 'gsm-7',
  segmentCount: 1,
  category: 'conversation',
  onUnknown: 'hold',
  priority: 1,
  metadata: { order: '7' },
  status: 'delivered',
  providerMessageId: 'p-1',
  createdAt: at,
  updatedAt: at,
}

const event: ToldEvent = {
  key: 42,
  type: 'message.sent',
  organizationId: 1,
  occurredAt: at,
  data: { provider: 'telnyx', attempt: 1 },
  message,
  conversationId: 'cnv_1',
  mediaUrls: [],
}

test('an event tells of the message as it is now, with the status of its own time', () => {
  assert.deepEqual(eventBodyOf(event), {
    id: 'evt_42',
    type: 'message.sent',
    timestamp: '2027-01-31T12:00:00.000Z',
    data: {
      attempt: 1,
      message_id: id,
      conversation_id: 'cnv_1',
      assistant_id: 3,
      direction: 'outbound',
      from: '+12025550142',
      to: '+12025550199',
      body: 'Hello',
      media_urls: [],
      status: 'sent',
      provider: 'telnyx',
      provider_message_id: 'p-1',
      segments: 1,
      metadata: { order: '7' },
      reason: null,
      provider_code: null,
      permanent: null,
      retryable: null,
      actor: null,
      advice: null,
    },
  })
})

test('a failure says why, whether it is for good, and who must do what', () => {
  const { data } = eventBodyOf({
    ...event,
    type: 'message.failed',
    data: { reason: 'landline', provider_code: '30006' },
  })
  assert.deepEqual(
    [data.reason, data.provider_code, data.permanent, data.retryable, data.actor, data.advice],
    [
      'landline',
      '30006',
      true,
      false,
      'caller',
      'The number cannot receive texts. Ask the recipient for a mobile number.',
    ],
  )
})

test('an event about a person carries their number and nothing of a message', () => {
  const { message: _none, conversationId: _neither, ...plain } = event
  const recipient = parseE164('+12025550199')
  const told = eventBodyOf({ ...plain, type: 'opt_out.created', data: { source: 'keyword' }, recipient })
  assert.deepEqual(told.data, { source: 'keyword', phone_number: '+12025550199' })
})

test('an assistant gets exactly the published shape, and what stands beside it', () => {
  const received = { ...event, type: 'message.received', message: { ...message, direction: 'inbound' } } as const
  assert.deepEqual(inboundBodyOf([{ ...received, mediaUrls: ['https://sms.example.com/media/1'] }]), {
    type: 'sms_received',
    timestamp: '2027-01-31T12:00:00.000Z',
    data: {
      message_id: id,
      from: '+12025550142',
      to: '+12025550199',
      body: 'Hello',
      media_urls: ['https://sms.example.com/media/1'],
      provider: 'telnyx',
    },
    id: 'evt_42',
    assistant_id: 3,
    conversation_id: 'cnv_1',
    untrusted: true,
  })
})

test('ids that are not of events are told from those that are', () => {
  for (const text of ['', 'evt_', 'evt_1x', 'evt_-1', 'msg_1', 'evt_1234567890123456'])
    assert.equal(eventKeyOf(text), undefined)
  assert.equal(eventKeyOf('evt_42'), 42)
})
