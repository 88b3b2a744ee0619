import assert from 'node:assert/strict'
import { after, before, beforeEach, suite, test } from 'node:test'
import { outboundMessage } from '../../test/support/outbound-message.ts'
import {
  answering,
  hangingUp,
  type RecordingServer,
  type Reply,
  refusingUrl,
  resetting,
  startRecordingServer,
} from '../../test/support/recording-server.ts'
import type { SearchResult, SentQuery } from './provider.ts'
import type { ShownMessage, Stage } from './provider-evidence.contract.ts'

/** What every adapter promises about what it looks for and fetches. */
export function searchContract(stage: Stage): void {
  looks(stage)
  fetchesMedia(stage)
}

function looks({ name, harness, now, message, provider, read }: Stage): void {
  suite(`${name} looks for a message`, () => {
    let server: RecordingServer
    before(async () => {
      server = await startRecordingServer()
    })
    after(() => server.close())
    beforeEach(() => {
      server.requests.length = 0
    })

    const taken = new Set<string>()
    const query: SentQuery = { message, startedAt: now - 5_000, isTaken: async (id) => taken.has(id) }
    const byId: SentQuery = { ...query, providerMessageId: 'id-1' }
    const find = (differences: Partial<SentQuery> = {}, at = server.url): Promise<SearchResult> =>
      provider.findSent({ ...query, ...differences }, harness.account(at))

    async function findAmong(messages: readonly ShownMessage[], what: SentQuery = query): Promise<SearchResult> {
      server.reply(harness.shows(messages))
      const result = await find(what)
      for (const { method } of server.requests) assert.equal(method, 'GET')
      return result
    }
    const [failing = { word: '', code: '' }] = harness.codes
    const shown = (id: string, differences: Partial<ShownMessage> = {}): ShownMessage => ({
      id,
      ...failing,
      createdAt: now - 3_000,
      message,
      ...differences,
    })

    test('by its id: found as it is now, or not there', async () => {
      for (const what of [byId, query]) {
        const result = await findAmong([shown('id-1')], what)
        assert.ok(result.kind === 'found', JSON.stringify(result))
        const heard = read(harness.receipt({ id: 'id-1', ...failing, message }))
        assert.ok(heard.kind === 'receipt')
        const { occurredAt: _, ...receipt } = result.receipt
        const { occurredAt: __, ...expected } = heard.receipt
        assert.deepEqual(receipt, expected)
      }
      assert.deepEqual(await findAmong([], byId), { kind: 'none' })
    })

    test('only what fits: another text, picture, sender, recipient, or time is not it', async () => {
      const others: Partial<ShownMessage>[] = [
        { message: outboundMessage({ body: 'another', callbackUrl: '' }) },
        { message: outboundMessage({ mediaUrls: ['https://x.example/a.png'], callbackUrl: '' }) },
        { message: { ...message, callbackUrl: '', sender: message.recipient, recipient: message.sender } },
        { createdAt: query.startedAt - 3_600_000, message: { ...message, callbackUrl: '' } },
      ]
      for (const other of others)
        assert.deepEqual(await findAmong([shown('id-9', other)]), { kind: 'none' }, JSON.stringify(other))
      const among = await findAmong([...others.map((other, index) => shown(`id-${index + 2}`, other)), shown('id-1')])
      assert.ok(among.kind === 'found' && among.receipt.providerMessageId === 'id-1')
    })

    test('two that fit are ambiguous, unless one belongs to another message of ours', async () => {
      const equal = { message: { ...message, callbackUrl: '' } }
      const both = [shown('id-1', equal), shown('id-2', equal)]
      assert.deepEqual(await findAmong(both), { kind: 'ambiguous', count: 2 })
      taken.add('id-2')
      const one = await findAmong(both)
      taken.add('id-1')
      const none = await findAmong(both)
      taken.clear()
      assert.ok(one.kind === 'found' && one.receipt.providerMessageId === 'id-1')
      assert.deepEqual(none, { kind: 'none' })
    })

    const failures: Readonly<Record<string, Reply>> = {
      'HTTP 500': answering(500, {}),
      'HTTP 401': answering(401, {}),
      'HTTP 429': answering(429, {}),
      "a proxy's 404": answering(404, '<html>Not found</html>'),
      'a redirect': answering(302, {}, { location: '/' }),
      'a page with status 200': answering(200, '<html>Welcome</html>'),
      'HTTP 200 with nothing in it': answering(200, {}),
      'HTTP 200 with null': answering(200, 'null'),
      'a reset': resetting,
      'an orderly end': hangingUp,
    }
    for (const [what, reply] of Object.entries(failures))
      test(`${what} is unavailable, not "none"`, async () => {
        server.reply(reply)
        for (const search of [query, byId]) assert.equal((await find(search)).kind, 'unavailable')
      })

    test('a provider that cannot be reached is unavailable', async () => {
      assert.equal((await find({}, await refusingUrl())).kind, 'unavailable')
    })
  })
}

function fetchesMedia({ name, harness, account, provider }: Stage): void {
  suite(`${name} fetches media from its own hosts alone`, () => {
    const { withCredentials, withoutCredentials, forged } = harness.media
    const at = (url: string, by = account) => provider.mediaHeaders(url, by)

    test('credentials go where the provider wants them, and nowhere else', () => {
      for (const url of withCredentials) assert.match(at(url)?.authorization ?? '', /^B/, url)
      for (const url of withoutCredentials) assert.deepEqual(at(url), {}, url)
    })

    const lookAlikes = [
      ...forged,
      ...[...withCredentials, ...withoutCredentials].flatMap((url) => [
        url.replace('://', '://user@'),
        url.replace('://', '://user:pass@'),
        url.replace('://', '://evil.example/'),
        url.replace('://', '://evil.example\\@'),
        url.replace('://', '://evil.example#@'),
        url.replace(/^(\w+:\/\/[^/:]+)/, '$1.evil.example'),
        url.replace(/^\w+/, 'ftp'),
        ` ${url}`,
        `${url} x`,
        url.replace('://', ':'),
      ]),
      'https://evil.example/x',
      'http://169.254.169.254/latest',
      'file:///etc/passwd',
      'data:text/plain,x',
      '',
    ]
    test(`${lookAlikes.length} addresses that only look right are not fetched at all`, () => {
      for (const url of lookAlikes) assert.equal(at(url), undefined, url)
    })
  })
}
