import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, before, suite, test } from 'node:test'
import { senders } from '../support/installation.ts'
import {
  answering,
  type RecordedRequest,
  type RecordingServer,
  startRecordingServer,
} from '../support/recording-server.ts'
import { at, engines } from '../support/service-client.ts'
import { startWorld, type World } from '../support/world.ts'

const providers = ['twilio', 'telnyx'] as const
let people = 0
const freshPerson = () => `+1303555${String(++people).padStart(4, '0')}`

for (const engine of engines)
  suite(`what follows a send, on ${engine}`, () => {
    let world: World
    let customer: RecordingServer
    before(async () => {
      customer = await startRecordingServer()
      customer.reply(answering(200, {}))
      world = await startWorld({ engine, smsWebhookUrl: `${customer.url}/sms` })
    })
    after(async () => {
      await world.close()
      await customer.close()
    })

    async function send(provider: (typeof providers)[number], to: string, more: object = {}) {
      const json = { from_phone_number: senders[provider], to_phone_number: to, message: `to ${to}`, ...more }
      const { status, body } = await world.call('POST', '/sms/send', { json })
      return { status, body, id: String(at(body, 'id')) }
    }

    async function comesTo(id: string, wanted: string) {
      return world.until(`${id} is ${wanted}`, async () => {
        const { body } = await world.call('GET', `/sms/${id}`)
        return at(body, 'status') === wanted ? body : undefined
      })
    }

    const copies = (to: string) => world.simulator.ledger().filter(({ recipient }) => recipient === to).length

    for (const provider of providers) {
      suite(`through ${provider}`, () => {
        test('a text is delivered, told by receipts that come in any order and more than once', async () => {
          for (const to of [freshPerson(), '+15005550603', '+15005550604', '+15005550608']) {
            const { status, id } = await send(provider, to)
            assert.equal(status, 200)
            await comesTo(id, 'delivered')
          }
        })

        test('a failure that is reported later has its reason and says who must act', async () => {
          const { id } = await send(provider, '+15005550601')
          const body = await comesTo(id, 'undelivered')
          assert.deepEqual(
            [at(body, 'failure', 'reason'), at(body, 'failure', 'actor'), at(body, 'failure', 'permanent')],
            ['unreachable', 'recipient', false],
          )
        })

        test('a lost answer is found out by its receipt, and the repetition never texts twice', async () => {
          const to = '+15005550511'
          world.simulator.clear()
          const { status, body, id } = await send(provider, to)
          assert.deepEqual([status, at(body, 'code')], [500, 'outcome_unknown'])
          await world.simulator.receiptsSent()
          for (let repetition = 1; repetition <= 5; repetition++) {
            const repeated = await send(provider, to)
            assert.deepEqual([repeated.status, at(repeated.body, 'deduplicated'), repeated.id], [200, true, id])
          }
          assert.equal(copies(to), 1)
          await comesTo(id, 'delivered')
          await world.call('GET', `/sms/${id}/status`)
          assert.notEqual((await send(provider, to)).id, id)
        })

        test('a lost answer without any receipt is found by looking at the provider', async () => {
          world.simulator.clear()
          const { id } = await send(provider, '+15005550512')
          const body = await comesTo(id, 'sent')
          assert.equal(at(body, 'receipts', 0, 'source'), 'search')
          assert.equal(copies('+15005550512'), 1)
        })

        test('what never arrived becomes unknown after its window, and a person decides', async () => {
          world.simulator.clear()
          const { id } = await send(provider, '+15005550510')
          await comesTo(id, 'unknown')
          const unknowns = await world.call('GET', '/api/v1/unknowns')
          assert.match(unknowns.text, new RegExp(id))
          const resolve = (resolution: string) =>
            world.call('POST', `/api/v1/unknowns/${id}/resolve`, { json: { resolution, note: 'asked the person' } })
          assert.equal((await resolve('send_again')).status, 200)
          await comesTo(id, 'sending')
          assert.equal((await resolve('sent')).status, 200)
          const body = await comesTo(id, 'sent')
          assert.equal(at(body, 'attempts', 'length'), 2)
          assert.match(JSON.stringify(at(body, 'events')), /world/)
          assert.equal((await resolve('sent')).status, 409)
        })

        test('a caller who prefers a second text to none gets it after the window', async () => {
          world.simulator.clear()
          const { id } = await send(provider, '+15005550500', { on_unknown: 'resend' })
          await world.until('a second attempt', async () => {
            const { body } = await world.call('GET', `/sms/${id}`)
            return at(body, 'attempts', 'length') === 2 ? body : undefined
          })
        })

        test('forged receipts change nothing', async () => {
          for (const to of ['+15005550606', '+15005550607']) {
            const { id } = await send(provider, to)
            await world.simulator.receiptsSent()
            const { body } = await world.call('GET', `/sms/${id}`)
            assert.deepEqual([at(body, 'status'), at(body, 'receipts', 'length')], ['sent', 0])
          }
        })

        test('a text of a person reaches its assistant once, and the reply names it', async () => {
          const from = freshPerson()
          customer.requests.length = 0
          await world.simulator.text({ from, to: senders[provider], body: 'Is it open?', times: 3 })
          const [request] = await assistantHears(from, 1)
          assert.ok(request !== undefined)
          const heard: unknown = JSON.parse(request.body)
          assert.deepEqual(
            [at(heard, 'type'), at(heard, 'data', 'body'), at(heard, 'untrusted')],
            ['sms_received', 'Is it open?', true],
          )
          const id = String(at(heard, 'data', 'message_id'))
          const reply = () => send(provider, from, { in_reply_to: id, message: `Yes ${people++}` })
          assert.equal((await reply()).status, 200)
          await world.simulator.text({ from, to: senders[provider], body: 'And tomorrow?' })
          await assistantHears(from, 2)
          const late = await reply()
          assert.deepEqual([late.status, at(late.body, 'code')], [409, 'superseded'])
          const conversations = await world.call(
            'GET',
            `/api/v1/sms-conversations?customer_phone=${encodeURIComponent(from)}`,
          )
          assert.equal(at(conversations.body, 0, 'message_count'), 4)
        })

        test('STOP ends texts from every number at once, is confirmed once, and START takes it back', async () => {
          const from = freshPerson()
          const text = async (body: string) => {
            await world.simulator.text({ from, to: senders[provider], body })
            await world.simulator.receiptsSent()
          }
          customer.requests.length = 0
          await text('Stop!')
          await world.until('the opt-out', async () => {
            const { status } = await world.call('GET', `/api/v1/opt-outs/${encodeURIComponent(from)}`)
            return status === 200 ? true : undefined
          })
          for (const other of providers) {
            const refused = await send(other, from)
            assert.deepEqual([refused.status, at(refused.body, 'code')], [400, 'recipient_opted_out'])
          }
          await text('STOP')
          await world.until('the confirmation', async () => (copies(from) > 0 ? true : undefined))
          await text('START')
          await world.until('the opt-in', async () => (copies(from) === 2 ? true : undefined))
          const bodies = world.simulator.ledger().filter(({ recipient }) => recipient === from)
          assert.match(bodies.map(({ body }) => body).join('|'), /texts again\..*\|.*opted out/)
          assert.equal((await send(provider, from)).status, 200)
          assert.equal((await assistantHears(from, 0)).length, 0)
        })

        test('what an MMS carries is fetched once, kept with its checksum, and given out by signed links only', async () => {
          const from = freshPerson()
          const content = Buffer.from(`picture ${from}`)
          await world.simulator.text({
            from,
            to: senders[provider],
            body: 'Look',
            media: [{ contentType: 'image/png', content }],
          })
          const [request] = await assistantHears(from, 1)
          const link = String(at(JSON.parse(request?.body ?? '{}'), 'data', 'media_urls', 0))
          const answer = await world.until('the picture', async () => {
            const response = await fetch(link)
            return response.status === 200 ? response : undefined
          })
          assert.equal(answer.headers.get('content-type'), 'image/png')
          assert.equal(answer.headers.get('etag'), `"${createHash('sha256').update(content).digest('hex')}"`)
          assert.deepEqual(Buffer.from(await answer.arrayBuffer()), content)
          assert.equal((await fetch(link.replace(/signature=..../, 'signature=AAAA'))).status, 404)
        })
      })
    }

    async function assistantHears(from: string, count: number): Promise<RecordedRequest[]> {
      const heard = () =>
        customer.requests.filter(({ path, body }) => path === '/sms' && at(JSON.parse(body), 'data', 'from') === from)
      return world.until(`${count} texts of ${from} at the assistant`, async () =>
        heard().length >= count ? heard() : undefined,
      )
    }

    test('a call that nobody signed is refused; one that is signed but of no use is kept and answered', async () => {
      const forged = await fetch(`${world.url}/webhooks/sms/twilio`, {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded', 'x-twilio-signature': 'AAAA' },
        body: 'MessageSid=SM1&MessageStatus=delivered',
      })
      assert.equal(forged.status, 403)
      await world.simulator.text({ from: freshPerson(), to: senders.twilio, body: 'x' })
      const { status } = await world.call('GET', '/api/v1/refused-webhooks')
      assert.equal(status, 200)
    })

    test('nothing of a text or a number is in the log', () => {
      const log = world.logLines.join('')
      assert.match(log, /message\.receipt/)
      for (const canary of ['+1303555', '13035550', 'Is it open', 'to +1500', '15005550'])
        assert.ok(!log.includes(canary), canary)
    })
  })
