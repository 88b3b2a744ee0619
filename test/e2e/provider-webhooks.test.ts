import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import type { WebhookRequest } from '../../src/ports/provider.ts'
import { telnyxProviderAccount, twilioProviderAccount } from '../support/provider-accounts.ts'
import { at, engines, startTestService, type TestService } from '../support/service-client.ts'
import { telnyxWebhook, twilioWebhook } from '../support/signed-webhooks.ts'

const keys = ['the-key-of-acme-0123456789-0123456789', 'the-key-of-other-0123456789-0123456789'] as const
const publicUrl = 'https://sms.example.com'
const assigned = '+12025550142'
const unassigned = '+12025550143'
const unknown = '+12025550144'

let people = 0
const freshPerson = () => `+1303556${String(++people).padStart(4, '0')}`

for (const engine of engines)
  suite(`webhooks of providers on ${engine}`, () => {
    let service: TestService

    /** Both organizations have an assistant, and the same two numbers, at one Telnyx account. */
    before(async () => {
      service = await startTestService({
        engine,
        organizations: [
          { name: 'Acme', key: keys[0] },
          { name: 'Other', key: keys[1] },
        ],
        env: { TEXTBRIDGE_PUBLIC_URL: publicUrl, TEXTBRIDGE_ROLES: 'api' },
      })
      const { settings, secrets } = telnyxProviderAccount()
      for (const key of keys) {
        const create = async (path: string, json: object) => {
          const answer = await service.call('POST', path, { key, json })
          assert.equal(answer.status, 201, answer.text)
          return at(answer.body, 'id')
        }
        const account = { name: 'telnyx', provider: 'telnyx', ...settings, ...secrets }
        const provider_account_id = await create('/api/v1/provider-accounts', account)
        const assistant_id = await create('/api/v1/assistants', { name: 'Support Bot', provider_account_id })
        const numbers = '/api/v1/assistants/organization/phone-numbers'
        await create(numbers, { phone_number: assigned, assistant_id })
        await create(numbers, { phone_number: unassigned, provider_account_id })
      }
    })
    after(() => service.close())

    async function post(name: string, { url, headers, body }: WebhookRequest): Promise<number> {
      assert.equal(url, `${publicUrl}/webhooks/sms/${name}`)
      const { status } = await fetch(`${service.url}/webhooks/sms/${name}`, {
        method: 'POST',
        headers: Object.entries(headers).map(([header, value]) => [header, String(value)]),
        body: Buffer.from(body),
      })
      return status
    }

    let texts = 0
    const text = (from: string, to: string, body: string) =>
      post(
        'telnyx',
        telnyxWebhook(
          {
            data: {
              event_type: 'message.received',
              payload: { id: `text-${++texts}`, from: { phone_number: from }, to: [{ phone_number: to }], text: body },
            },
          },
          { at: Date.now(), url: `${publicUrl}/webhooks/sms/telnyx` },
        ),
      )

    async function optOutsOf(person: string): Promise<unknown[]> {
      const answers = await Promise.all(
        keys.map((key) => service.call('GET', `/api/v1/opt-outs/${encodeURIComponent(person)}`, { key })),
      )
      return answers.map(({ status }) => status)
    }

    test('a text is heard by each organization that has the number at an account whose signature fits', async () => {
      const person = freshPerson()
      assert.equal(await text(person, assigned, 'Is it open?'), 200)
      for (const key of keys) {
        const { body } = await service.call('GET', '/api/v1/sms-conversations', { key })
        assert.match(JSON.stringify(body), new RegExp(person.slice(1)))
      }
      assert.equal(await text(person, assigned, 'STOP'), 200)
      assert.deepEqual(await optOutsOf(person), [200, 200])
    })

    for (const [what, number] of [
      ['without an assistant', unassigned],
      ['that is not known here', unknown],
    ] as const)
      test(`STOP to a number ${what} holds for the whole organization`, async () => {
        const person = freshPerson()
        assert.equal(await text(person, number, 'When do you open?'), 200)
        assert.deepEqual(await optOutsOf(person), [404, 404])
        assert.equal(await text(person, number, 'Stop!'), 200)
        assert.deepEqual(await optOutsOf(person), [200, 200])
      })

    test('an account that is added verifies the next webhook, and one that is removed none', async () => {
      const { settings, secrets } = twilioProviderAccount()
      const url = `${publicUrl}/webhooks/sms/twilio`
      const fields = { AccountSid: settings.account_sid ?? '', MessageSid: 'SM1', MessageStatus: 'delivered', To: '+1' }
      const webhook = twilioWebhook(fields, { url })
      assert.equal(await post('twilio', webhook), 403)
      const added = await service.call('POST', '/api/v1/provider-accounts', {
        key: keys[0],
        json: { name: 'twilio', provider: 'twilio', ...settings, ...secrets },
      })
      assert.equal(added.status, 201, added.text)
      assert.equal(await post('twilio', webhook), 200)
      await service.call('DELETE', `/api/v1/provider-accounts/${at(added.body, 'id')}`, { key: keys[0] })
      assert.equal(await post('twilio', webhook), 403)
    })
  })
