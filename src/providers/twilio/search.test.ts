import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { outboundMessage } from '../../../test/support/outbound-message.ts'
import { twilioProviderAccount } from '../../../test/support/provider-accounts.ts'
import type { SentQuery } from '../../ports/provider.ts'
import { findSentAtTwilio } from './search.ts'

const startedAt = Date.UTC(2026, 10, 24, 12)
const message = outboundMessage()
const serviceSid = 'MG00000000000000000000000000000000'
const messagesUrl = 'https://api.twilio.com/2010-04-01/Accounts/AC00000000000000000000000000000000/Messages'

function resource(sid: string, differences: Readonly<Record<string, unknown>> = {}) {
  return {
    sid,
    status: 'sent',
    direction: 'outbound-api',
    date_created: mailDate(startedAt),
    from: message.sender,
    to: message.recipient,
    body: message.body,
    num_media: '0',
    messaging_service_sid: null,
    ...differences,
  }
}

function mailDate(at: number): string {
  return new Date(at).toUTCString().replace('GMT', '+0000')
}

/** Answers one page after the other, the last one for ever. */
async function search(
  pages: readonly { readonly messages: readonly unknown[]; readonly next_page_uri?: unknown }[],
  query: Partial<SentQuery> = {},
  account = twilioProviderAccount(),
) {
  const urls: string[] = []
  const result = await findSentAtTwilio(
    { message, startedAt, isTaken: async () => false, ...query },
    account,
    async (url) => {
      urls.push(url)
      return { kind: 'answer', status: 200, headers: {}, body: JSON.stringify(pages[urls.length - 1] ?? pages.at(-1)) }
    },
  )
  return { result, urls }
}

suite('what is asked', () => {
  test('all messages to the recipient from the sender, a hundred at a time, whatever their date', async () => {
    const { urls } = await search([{ messages: [] }])
    assert.deepEqual(urls, [`${messagesUrl}.json?To=%2B12025550199&From=%2B12025550142&PageSize=100`])
  })

  test('through a Messaging Service, messages from any sender; only those of that service count', async () => {
    const through = { message: { ...message, messagingServiceId: serviceSid } }
    const messages = [resource('SM1', { from: null, messaging_service_sid: serviceSid }), resource('SM2')]
    const { urls, result } = await search([{ messages }], through)
    assert.deepEqual(urls, [`${messagesUrl}.json?To=%2B12025550199&PageSize=100`])
    assert.ok(result.kind === 'found' && result.receipt.providerMessageId === 'SM1')
  })

  test('one message, when its id is known', async () => {
    const urls: string[] = []
    await findSentAtTwilio(
      { message, startedAt, isTaken: async () => false, providerMessageId: 'SM1/../x' },
      twilioProviderAccount({ baseUrl: 'https://proxy.example/t' }),
      async (url) => {
        urls.push(url)
        return { kind: 'unknown', detail: '' }
      },
    )
    assert.deepEqual(urls, [`https://proxy.example/t${messagesUrl.slice(22)}/SM1%2F..%2Fx.json`])
  })
})

suite('what fits', () => {
  const rows: readonly [what: string, differences: Readonly<Record<string, unknown>>, fits: boolean][] = [
    ['made two minutes before, by a clock that lags', { date_created: mailDate(startedAt - 120_000) }, true],
    ['made earlier', { date_created: mailDate(startedAt - 121_000) }, false],
    ['made later', { date_created: mailDate(startedAt + 600_000) }, true],
    ['without a readable date', { date_created: '1.5' }, false],
    ['an inbound one', { direction: 'inbound' }, false],
    ['a reply', { direction: 'outbound-reply' }, false],
    ['with a picture', { num_media: '1' }, false],
    ['with a count of pictures that is a number', { num_media: 0 }, true],
    ['without a count', { num_media: undefined }, false],
    ['a redacted one', { body: '' }, false],
    ['without an id', { sid: undefined }, false],
  ]
  for (const [what, differences, fits] of rows)
    test(`${what}: ${fits ? 'yes' : 'no'}`, async () => {
      const { result } = await search([{ messages: [resource('SM1', differences)] }])
      assert.equal(result.kind, fits ? 'found' : 'none')
    })
})

suite('pages', () => {
  const next = '/2010-04-01/Accounts/AC0/Messages.json?To=%2B1&PageSize=100&Page=1&PageToken=PASM1'

  test('follow by the query of the next one alone, wherever it points', async () => {
    for (const uri of [
      next,
      `https://evil.example${next}`,
      `//evil.example${next}`,
      `/elsewhere?${next.split('?')[1]}`,
    ]) {
      const { result, urls } = await search([{ messages: [], next_page_uri: uri }, { messages: [resource('SM1')] }])
      assert.equal(urls[1], `${messagesUrl}.json?To=%2B1&PageSize=100&Page=1&PageToken=PASM1`)
      assert.equal(result.kind, 'found')
    }
  })

  test('are three at most; what was not read is not "none"', async () => {
    const endless = { messages: [resource('SM1', { body: 'another' })], next_page_uri: next }
    const { result, urls } = await search([endless])
    assert.deepEqual([result.kind, urls.length], ['unavailable', 3])
    const found = await search([endless, { ...endless, messages: [resource('SM2')] }, endless])
    assert.equal(found.result.kind, 'found')
  })

  test('end where a list that runs back in time has passed the attempt', async () => {
    const older = (minutes: number) =>
      resource(`SM${minutes}`, { date_created: mailDate(startedAt - minutes * 60_000) })
    const backwards = await search([{ messages: [older(0), older(1), older(3)], next_page_uri: next }])
    assert.deepEqual([backwards.result.kind, backwards.urls.length], ['ambiguous', 1])
    const unsorted = await search([{ messages: [older(4), older(3), older(9)], next_page_uri: next }, { messages: [] }])
    assert.deepEqual([unsorted.result.kind, unsorted.urls.length], ['none', 2])
  })
})
