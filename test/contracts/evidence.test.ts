import assert from 'node:assert/strict'
import { after, before, beforeEach, suite, test } from 'node:test'
import { makeMessageId } from '../../src/core/message-id.ts'
import type { ProviderAccount } from '../../src/core/organization.ts'
import { parseE164 } from '../../src/core/phone-number.ts'
import { makeHttpClient } from '../../src/net/http-client.ts'
import type { OutboundMessage, Provider, WebhookReading } from '../../src/ports/provider.ts'
import { makeTelnyx } from '../../src/providers/telnyx/index.ts'
import { makeTwilio } from '../../src/providers/twilio/index.ts'
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts'
import { telnyxPublicKey } from '../../src/simulator/telnyx.ts'
import { systemClock } from '../../src/telemetry/clock.ts'
import { outboundMessage } from '../support/outbound-message.ts'
import { telnyxProviderAccount, twilioProviderAccount } from '../support/provider-accounts.ts'
import { type RecordedRequest, type RecordingServer, startRecordingServer } from '../support/recording-server.ts'
import { silentLog } from '../support/silent-log.ts'
import { telnyxAccount, twilioAccount } from '../support/simulated-accounts.ts'

let simulator: Simulator
let receiver: RecordingServer
const http = makeHttpClient()

before(async () => {
  receiver = await startRecordingServer()
  const parts = { host: '127.0.0.1', port: 0, clock: systemClock, log: silentLog, receiptDelayMs: 1 }
  const inboundUrl = `${receiver.url}/inbound`
  const accounts = [twilioAccount, telnyxAccount].map((account) => ({ ...account, inboundUrl }))
  simulator = await startSimulator({ ...parts, accounts })
})
after(async () => {
  await http.close()
  await simulator.close()
  await receiver.close()
})
beforeEach(() => {
  simulator.clear()
  simulator.configure({ listLagMs: 0 })
  receiver.requests.length = 0
})

const played: Record<string, { provider: Provider; number: string; account: () => ProviderAccount }> = {
  twilio: {
    provider: makeTwilio({ http, clock: systemClock }),
    number: twilioAccount.numbers[0] ?? '',
    account: () => twilioProviderAccount({ baseUrl: simulator.baseUrls.twilio }),
  },
  telnyx: {
    provider: makeTelnyx({ http, clock: systemClock }),
    number: telnyxAccount.numbers[0] ?? '',
    account: () =>
      telnyxProviderAccount({
        baseUrl: simulator.baseUrls.telnyx,
        settings: { public_key: telnyxPublicKey(telnyxAccount.signingSeed) },
        secrets: { api_key: telnyxAccount.apiKey },
      }),
  },
}

for (const [name, { provider, number, account }] of Object.entries(played))
  suite(`${name}'s adapter and the simulator`, () => {
    async function send(recipient: string, differences: Partial<OutboundMessage> = {}) {
      const message = outboundMessage({
        sender: parseE164(number),
        recipient: parseE164(recipient),
        ...differences,
      })
      const sent = { ...message, callbackUrl: `${receiver.url}/status?message_id=${message.id}` }
      const startedAt = Date.now()
      const outcome = await provider.send(sent, account())
      return { outcome, query: { message: sent, startedAt, isTaken: async () => false } }
    }
    const read = ({ method, path, headers, body }: RecordedRequest): WebhookReading =>
      provider.readWebhook({ method, url: receiver.url + path, headers, body: Buffer.from(body) }, account())

    test('a message whose answer was lost is found, by what it has come to', async () => {
      for (const [recipient, status] of [
        ['+15005550512', 'sent'],
        ['+15005550513', 'undelivered'],
        ['+15005550511', 'delivered'],
      ] as const) {
        const { outcome, query } = await send(recipient)
        await simulator.receiptsSent()
        const [carried] = simulator.ledger()
        const found = await provider.findSent(query, account())
        assert.ok(outcome.kind === 'unknown' && found.kind === 'found', `${recipient} ${JSON.stringify(found)}`)
        assert.deepEqual([found.receipt.providerMessageId, found.receipt.status], [carried?.id, status])
        const byId = await provider.findSent({ ...query, providerMessageId: carried?.id ?? '' }, account())
        assert.deepEqual(byId, found)
      }
    })

    test('one that never arrived is not found; one that a list does not show yet is not, until it does', async () => {
      const lost = await send('+15005550510')
      assert.deepEqual(await provider.findSent(lost.query, account()), { kind: 'none' })
      const late = await send('+15005550512')
      simulator.configure({ listLagMs: 60_000 })
      assert.deepEqual(await provider.findSent(late.query, account()), { kind: 'none' })
      simulator.configure({ listLagMs: 0 })
      assert.equal((await provider.findSent(late.query, account())).kind, 'found')
    })

    test('receipts name the message and its callback URL, also those that come before the answer', async () => {
      const { outcome, query } = await send('+15005550608')
      assert.ok(outcome.kind === 'accepted')
      const readings = receiver.requests.map(read)
      const receipts = readings.flatMap((reading) => (reading.kind === 'receipt' ? [reading] : []))
      assert.deepEqual(
        receipts.map(({ receipt, callbackUrl }) => [receipt.providerMessageId, receipt.status, callbackUrl]),
        ['sent', 'delivered'].map((status) => [outcome.providerMessageId, status, query.message.callbackUrl]),
      )
    })

    test('forged receipts are told from those that only came late or twice', async () => {
      for (const recipient of ['+15005550606', '+15005550607']) await send(recipient)
      await simulator.receiptsSent()
      assert.deepEqual(
        receiver.requests.map((request) => read(request).kind),
        ['forged', 'forged'],
      )
      receiver.requests.length = 0
      for (const recipient of ['+15005550604', '+15005550605']) await send(recipient)
      await simulator.receiptsSent()
      assert.deepEqual([...new Set(receiver.requests.map((request) => read(request).kind))], ['receipt'])
      assert.equal(receiver.requests.length, 6)
    })

    test('a text with a picture is heard, and the picture fetched with the right headers', async () => {
      const content = Buffer.from('a picture')
      const text = simulator.text({
        from: '+12025550199',
        to: number,
        body: 'Look',
        media: [{ contentType: 'image/png', content }],
      })
      await simulator.receiptsSent()
      const [request] = receiver.requests
      assert.ok(request !== undefined)
      const reading = read(request)
      assert.ok(reading.kind === 'inbound')
      const { message } = reading
      assert.deepEqual(
        [message.providerMessageId, message.body, message.media[0]?.contentType],
        [text?.id, 'Look', 'image/png'],
      )
      const url = message.media[0]?.url ?? ''
      const headers = provider.mediaHeaders(url, account())
      assert.ok(headers !== undefined)
      assert.equal(await (await fetch(url, { headers })).text(), 'a picture')
    })

    test('STOP reaches us as answered, and the next text is refused as an opt-out', async () => {
      simulator.text({ from: '+12025550199', to: number, body: 'STOP' })
      await simulator.receiptsSent()
      const [request] = receiver.requests
      assert.ok(request !== undefined)
      const reading = read(request)
      assert.ok(reading.kind === 'inbound' && reading.message.providerKeyword === 'opt_out')
      const { outcome } = await send('+12025550199')
      assert.ok(outcome.kind === 'rejected' && outcome.failure.reason === 'recipient_opted_out')
    })

    test('two equal texts are told apart only where the provider shows our callback URL', async () => {
      const first = await send('+15005550512')
      await send('+15005550512', { id: makeMessageId(0, new Uint8Array(16)) })
      const result = await provider.findSent(first.query, account())
      assert.equal(result.kind, name === 'twilio' ? 'ambiguous' : 'found')
    })
  })
