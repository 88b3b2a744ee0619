import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { outboundMessage } from '../../../test/support/outbound-message.ts'
import { telnyxProviderAccount } from '../../../test/support/provider-accounts.ts'
import type { SearchResult, SentQuery } from '../../ports/provider.ts'
import { findSentAtTelnyx } from './search.ts'

const startedAt = Date.UTC(2026, 10, 24, 12)
const message = outboundMessage()
const query: SentQuery = { message, startedAt, isTaken: async () => false }
const isoDate = (at: number) => new Date(at).toISOString()
const notFound = { status: 404, body: { errors: [{ code: '10005' }] } }

type Answer = { readonly status: number; readonly body: unknown }
type Answers = {
  readonly deliveries?: Answer
  readonly records?: Answer
  readonly messages?: Readonly<Record<string, object>>
  /** Of these, the answer is 503. */
  readonly hidden?: readonly string[]
}

async function search(answers: Answers, asked: SentQuery = query): Promise<{ result: SearchResult; urls: string[] }> {
  const urls: string[] = []
  const result = await findSentAtTelnyx(asked, telnyxProviderAccount(), async (url) => {
    urls.push(url)
    const { pathname } = new URL(url)
    const id = pathname.split('/').at(-1) ?? ''
    if (answers.hidden?.includes(id)) return { kind: 'answer', status: 503, headers: {}, body: '' }
    const shown = answers.messages?.[id]
    const one = shown === undefined ? notFound : { status: 200, body: { data: shown } }
    const none = { status: 200, body: { data: [] } }
    const { status, body } = pathname.endsWith('/webhook_deliveries')
      ? (answers.deliveries ?? none)
      : pathname.endsWith('/detail_records')
        ? (answers.records ?? none)
        : one
    return { kind: 'answer', status, headers: {}, body: JSON.stringify(body) }
  })
  return { result, urls }
}

const shown = (id: string, status: string, differences: object = {}) => ({
  id,
  to: [{ phone_number: message.recipient, status }],
  text: message.body,
  media: [],
  webhook_url: message.callbackUrl,
  ...differences,
})
const deliveryOf = (payload: object) => ({ webhook: { event_type: 'message.finalized', payload } })
const record = (uuid: string, differences: object = {}) => ({
  record_type: 'messaging',
  uuid,
  cld: message.recipient,
  cli: message.sender,
  created_at: isoDate(startedAt),
  status: 'failed',
  errors: [{ code: '40001' }],
  ...differences,
})
const listing = (...items: object[]): Answer => ({ status: 200, body: { data: items } })

suite('webhooks that Telnyx recorded', () => {
  test('are searched for our id; the one with our callback URL shows the message, which is read as it is now', async () => {
    const others = [
      deliveryOf(shown('id-2', 'sent', { webhook_url: 'https://x.example/msg_1' })),
      {},
      { webhook: null },
    ]
    const deliveries = listing(...others, deliveryOf(shown('id-1', 'sent')), deliveryOf(shown('id-1', 'delivered')))
    const { result, urls } = await search({ deliveries, messages: { 'id-1': shown('id-1', 'delivered') } })
    assert.ok(result.kind === 'found')
    assert.deepEqual([result.receipt.providerMessageId, result.receipt.status], ['id-1', 'delivered'])
    const [first = '', second] = urls
    assert.equal(new URL(first).searchParams.get('filter[webhook][contains]'), message.id)
    assert.equal(second, 'https://api.telnyx.com/v2/messages/id-1')
    assert.equal(urls.length, 2)
  })

  test('are enough when the message itself cannot be read', async () => {
    const { result } = await search({ deliveries: listing(deliveryOf(shown('id-1', 'delivered'))) })
    assert.ok(result.kind === 'found' && result.receipt.status === 'delivered')
  })

  test('tell nothing when there are none, or the account may not read them', async () => {
    for (const deliveries of [
      listing(),
      { status: 403, body: {} },
      { status: 500, body: {} },
      { status: 200, body: {} },
    ]) {
      const { result } = await search({ deliveries, records: listing(record('id-1')), messages: {} })
      assert.equal(result.kind, 'found')
    }
  })
})

suite('detail records', () => {
  test('are asked for by recipient, sender and time', async () => {
    const { urls } = await search({})
    assert.deepEqual(Object.fromEntries(new URL(urls[1] ?? '').searchParams), {
      'filter[record_type]': 'messaging',
      'filter[direction]': 'outbound',
      'filter[cld]': '+12025550199',
      'filter[cli]': '+12025550142',
      'filter[created_at][gte]': '2026-11-24T11:59:55.000Z',
      sort: '-created_at',
      'page[size]': '50',
    })
  })

  const times: readonly [seconds: number, fits: boolean][] = [
    [-6, false],
    [-5, true],
    [60, true],
    [61, false],
  ]
  for (const [seconds, fits] of times)
    test(`of ${seconds} s after the attempt: ${fits ? 'yes' : 'no'}`, async () => {
      const records = listing(record('id-1', { created_at: isoDate(startedAt + seconds * 1_000) }))
      assert.equal((await search({ records })).result.kind, fits ? 'found' : 'none')
    })

  const words: readonly [word: string | undefined, status: string | undefined][] = [
    ['delivered', 'delivered'],
    ['failed', 'failed'],
    ['gw_reject', 'failed'],
    ['dlr_timeout', 'sent'],
    ['dlr_unconfirmed', 'sent'],
    ['gw_timeout', undefined],
    [undefined, undefined],
  ]
  for (const [word, status] of words)
    test(`with the word ${word} alone mean ${status ?? 'that the provider has the message'}`, async () => {
      const { result } = await search({ records: listing(record('id-1', { status: word })) })
      assert.ok(result.kind === 'found')
      assert.deepEqual([result.receipt.status, result.receipt.failure?.reason], [status, 'landline'])
    })

  test('lead to the message, which shows whether it is ours', async () => {
    const records = listing(record('id-1'), record('id-2'), record('id-3'))
    const anotherText = shown('id-1', 'sent', { text: 'another', webhook_url: null })
    const ofAnother = shown('id-2', 'sent', { webhook_url: 'https://sms.example.com/?message_id=msg_1' })
    const messages = { 'id-1': anotherText, 'id-2': ofAnother, 'id-3': shown('id-3', 'delivered') }
    const { result } = await search({ records, messages })
    assert.ok(result.kind === 'found' && result.receipt.providerMessageId === 'id-3')
    assert.equal(result.receipt.status, 'delivered')
    assert.equal((await search({ records, messages: { ...messages, 'id-3': anotherText } })).result.kind, 'none')
  })

  test('of several, the one that carries our id is ours, however equal the others are', async () => {
    const equal = shown('id-1', 'sent', { webhook_url: null })
    const records = listing(record('id-1'), record('id-2'))
    const { result } = await search({ records, messages: { 'id-1': equal, 'id-2': shown('id-2', 'sent') } })
    assert.ok(result.kind === 'found' && result.receipt.providerMessageId === 'id-2')
  })

  test('of messages that cannot be read just now tell nothing, unless another one carries our id', async () => {
    const records = listing(record('id-1'), record('id-2'))
    const missing = await search({ records, hidden: ['id-1'] })
    assert.equal(missing.result.kind, 'unavailable')
    const { result } = await search({ records, hidden: ['id-1'], messages: { 'id-2': shown('id-2', 'sent') } })
    assert.ok(result.kind === 'found' && result.receipt.providerMessageId === 'id-2')
  })

  test('are ambiguous when nothing tells them apart, and few requests are made for it', async () => {
    const records = listing(...Array.from({ length: 11 }, (_, index) => record(`id-${index}`)))
    const { result, urls } = await search({ records })
    assert.deepEqual([result, urls.length], [{ kind: 'ambiguous', count: 11 }, 2])
  })

  test('that fill a page are too many to say "none"', async () => {
    const late = { created_at: isoDate(startedAt + 100_000) }
    const records = listing(...Array.from({ length: 50 }, (_, index) => record(`id-${index}`, late)))
    assert.equal((await search({ records })).result.kind, 'unavailable')
  })
})
