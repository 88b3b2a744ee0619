import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Message } from './message.ts'
import { makeMessageId } from './message-id.ts'
import { parseE164 } from './phone-number.ts'
import { effectivePolicy, type Policy } from './policy.ts'
import { makePolicyHistory, stoppedBy } from './policy-history.ts'

const start = Date.UTC(2027, 0, 31, 17)
const [minute, hour] = [60_000, 3_600_000]
const us = '+12025550142'

function message(atMs: number, more: Partial<Message> & { to?: string; from?: string } = {}): Message {
  const { to = '+12025550199', from = us, ...rest } = more
  return {
    id: makeMessageId(start + atMs, new Uint8Array(16)),
    organizationId: 1,
    direction: 'outbound',
    assistantId: 1,
    senderId: 1,
    providerAccountId: 1,
    provider: 'twilio',
    sender: parseE164(from),
    recipient: parseE164(to),
    body: 'x',
    mediaUrls: [],
    encoding: 'gsm-7',
    segmentCount: 1,
    category: 'conversation',
    onUnknown: 'hold',
    metadata: {},
    status: 'delivered',
    priority: 1,
    createdAt: start + atMs,
    updatedAt: start + atMs,
    ...rest,
  }
}
const heard = (atMs: number, person = '+12025550199') =>
  message(atMs, { direction: 'inbound', from: person, to: us, status: 'received' })

/** Which of the messages each rule would have stopped. */
function judged(policy: Policy, messages: readonly Message[]): string[][] {
  const history = makePolicyHistory(() => effectivePolicy(policy, undefined))
  return messages.map((one) => [...history.judge(one)])
}

suite('a policy tried on what was sent', () => {
  const rows: readonly [title: string, policy: Policy, messages: readonly Message[], stopped: string[][]][] = [
    ['nothing set stops nothing', {}, [message(0)], [[]]],
    [
      'a cap counts what it let through only, in a window that moves on',
      { perRecipient: [{ messages: 1, per: 'hour' }] },
      [message(0), message(50 * minute), message(70 * minute), message(75 * minute, { to: '+12025550100' })],
      [[], ['perRecipient'], [], []],
    ],
    [
      'the cap of an organization counts all assistants',
      { perOrganization: [{ messages: 1, per: 'hour' }] },
      [message(0), message(1, { assistantId: 2 })],
      [[], ['perOrganization']],
    ],
    [
      'reply_only lets through who has written before',
      { recipients: { allow: 'reply_only' } },
      [message(0), heard(1), message(2), message(3, { to: '+12025550100' })],
      [['recipients'], [], [], ['recipients']],
    ],
    [
      'an answer begins the unanswered ones anew',
      { unanswered: 1 },
      [message(0), message(1), heard(2), message(3), message(4)],
      [[], ['unanswered'], [], [], ['unanswered']],
    ],
    [
      'a loop is a streak of quick answers',
      { loop: 2 },
      [heard(0), message(1), heard(1_000), message(1_001), heard(5 * minute), message(5 * minute + 1)],
      [[], [], [], ['loop'], [], []],
    ],
    [
      'a budget is spent by what fits',
      { spend: { amount: 0.02, per: 'day' }, prices: { currency: 'USD', default: 0.01 } },
      [message(0), message(1, { segmentCount: 2 }), message(2), message(3), message(24 * hour)],
      [[], ['spend'], [], ['spend'], []],
    ],
    [
      'each rule judges for itself, and approval holds everything',
      { approval: true, countries: ['US'] },
      [message(0, { to: '+447700900123', approvedAt: start })],
      [['countries', 'approval']],
    ],
    [
      'marketing at night is held',
      { quietHours: 'marketing' },
      [message(12 * hour, { category: 'marketing' }), message(12 * hour)],
      [['quietHours'], []],
    ],
    ['replies of Textbridge itself are under no policy', { approval: true }, [message(0, { automatic: 'help' })], [[]]],
  ]
  for (const [title, policy, messages, stopped] of rows)
    test(title, () => {
      assert.deepEqual(judged(policy, messages), stopped)
    })
})

test('what really stopped a message is told by its failure, its hold or its approval', () => {
  const rows: readonly [Partial<Message>, string | undefined][] = [
    [{}, undefined],
    [{ status: 'failed', failure: { reason: 'recipient_cap' } }, 'perRecipient'],
    [{ status: 'failed', failure: { reason: 'landline' } }, undefined],
    [{ status: 'canceled', failure: { reason: 'not_approved' } }, 'approval'],
    [{ status: 'held', holdReason: 'quiet_hours' }, 'quietHours'],
    [{ status: 'held', holdReason: 'paused' }, undefined],
    [{ approvedAt: start }, 'approval'],
  ]
  for (const [more, rule] of rows) assert.equal(stoppedBy(message(0, more)), rule, JSON.stringify(more))
})
