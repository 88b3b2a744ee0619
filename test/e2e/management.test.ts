import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts'
import { systemClock } from '../../src/telemetry/clock.ts'
import { at, engines, startTestService, type TestService } from '../support/service-client.ts'
import { silentLog } from '../support/silent-log.ts'
import { addSimulatedAccount, telnyxAccount, twilioAccount } from '../support/simulated-accounts.ts'

const key = 'canary-key-of-acme-0123456789-0123456789'
const keysPath = '/api/v1/users/me/api-keys'
const assistantsPath = '/api/v1/assistants'
const numbersPath = '/api/v1/assistants/organization/phone-numbers'
const accountsPath = '/api/v1/provider-accounts'
const optOutsPath = '/api/v1/opt-outs'

const twilioFields = { provider: 'twilio', account_sid: twilioAccount.accountSid, auth_token: twilioAccount.authToken }
for (const engine of engines)
  suite(`over ${engine}`, () => {
    let simulator: Simulator
    let service: TestService
    let simulated = { twilio: 0, telnyx: 0 }

    before(async () => {
      simulator = await startSimulator({
        host: '127.0.0.1',
        port: 0,
        accounts: [twilioAccount, telnyxAccount],
        clock: systemClock,
        log: silentLog,
        receiptDelayMs: 0,
      })
      service = await startTestService({
        engine,
        organizations: [{ name: 'Acme', key }],
        prepare: async (store) => {
          const add = (provider: 'twilio' | 'telnyx') =>
            addSimulatedAccount(store, {
              organization: 'Acme',
              name: `simulated ${provider}`,
              provider,
              baseUrls: simulator.baseUrls,
            })
          simulated = { twilio: await add('twilio'), telnyx: await add('telnyx') }
        },
      })
    })

    after(async () => {
      await service.close()
      await simulator.close()
    })

    const call = (method: string, path: string, json?: unknown, as = key) =>
      service.call(method, path, { key: as, json })

    let made = 0
    function fresh(prefix: string): string {
      made++
      return `${prefix} ${made}`
    }
    function freshNumber(): string {
      made++
      return `+1303555${String(made).padStart(4, '0')}`
    }

    async function create(path: string, json: unknown): Promise<number> {
      const answer = await call('POST', path, json)
      assert.equal(answer.status, 201, answer.text)
      const id = at(answer.body, 'id')
      assert.equal(typeof id, 'number')
      return Number(id)
    }

    const createAccount = (more: object = {}) =>
      create(accountsPath, { name: fresh('account'), ...twilioFields, ...more })
    const createAssistant = (more: object = {}) => create(assistantsPath, { name: fresh('assistant'), ...more })

    suite('set up over HTTP', () => {
      for (const [provider, number] of [
        ['twilio', '+12025550142'],
        ['telnyx', '+12025550143'],
      ] as const)
        test(`an assistant and a number make a text go out through ${provider}; a revoked key does not`, async () => {
          const assistant_id = await createAssistant({ provider_account_id: simulated[provider] })
          await create(numbersPath, { phone_number: number, assistant_id })
          const created = await call('POST', keysPath, { name: 'sender', scopes: ['send'] })
          const sendKey = String(at(created.body, 'key'))
          const text = { from_phone_number: number, to_phone_number: freshNumber(), message: 'Hello' }

          const sent = await call('POST', '/sms/send', text, sendKey)
          assert.equal(sent.status, 200, sent.text)
          assert.equal(at(sent.body, 'provider'), provider)
          assert.equal(simulator.ledger()[0]?.recipient, text.to_phone_number)

          const forbidden = await call('GET', assistantsPath, undefined, sendKey)
          assert.deepEqual([forbidden.status, at(forbidden.body, 'code')], [403, 'forbidden'])
          const keyId = at(created.body, 'api_key', 'id')
          assert.equal((await call('DELETE', `${keysPath}/${keyId}`)).status, 200)
          const refused = await call('POST', '/sms/send', { ...text, message: 'again' }, sendKey)
          assert.equal(refused.status, 401)
          assert.equal((await call('DELETE', `${keysPath}/${keyId}`)).status, 404)
        })

      test('what is changed holds for the next text', async () => {
        const account = simulated.twilio
        const assistant = await createAssistant({ provider_account_id: account })
        const from = freshNumber()
        const number = await create(numbersPath, { phone_number: from, assistant_id: assistant })
        const status = async () =>
          (await call('POST', '/sms/send', { from_phone_number: from, to_phone_number: freshNumber(), message: 'x' }))
            .status
        // 500: the simulated account does not own the number. What matters is that the provider was asked.
        assert.equal(await status(), 500)
        for (const [method, path, json] of [
          ['PATCH', `${assistantsPath}/${assistant}/status?is_active=false`, undefined],
          ['PATCH', `${numbersPath}/${number}`, { is_active: false }],
          ['PATCH', `${numbersPath}/${number}`, { assistant_id: 0 }],
        ] as const) {
          assert.equal((await call(method, path, json)).status, 200)
          assert.equal(await status(), 404)
          await call('PATCH', `${assistantsPath}/${assistant}/status?is_active=true`)
          await call('PATCH', `${numbersPath}/${number}`, { is_active: true, assistant_id: assistant })
          assert.equal(await status(), 500)
        }
        assert.equal((await call('DELETE', `${assistantsPath}/${assistant}`)).status, 200)
        assert.equal(await status(), 404)
      })

      test('an opt-out recorded here refuses the next text, until it is taken away', async () => {
        const account = simulated.twilio
        const assistant = await createAssistant({ provider_account_id: account })
        const [from, to] = [freshNumber(), freshNumber()]
        await create(numbersPath, { phone_number: from, assistant_id: assistant })
        const send = () =>
          call('POST', '/sms/send', { from_phone_number: from, to_phone_number: to, message: fresh('x') })

        const first = await call('POST', optOutsPath, { phone_number: to, evidence: 'on the phone' })
        assert.equal(first.status, 201)
        const again = await call('POST', optOutsPath, { phone_number: to, evidence: 'other' })
        assert.deepEqual([again.status, again.body], [200, first.body])
        const refused = await send()
        assert.deepEqual([refused.status, at(refused.body, 'code')], [400, 'recipient_opted_out'])

        const encoded = `${optOutsPath}/${encodeURIComponent(to)}`
        assert.deepEqual((await call('GET', encoded)).body, [first.body])
        assert.deepEqual(at((await call('GET', optOutsPath)).body, 0), first.body)
        const removed = await call('DELETE', encoded)
        assert.deepEqual([removed.status, removed.text], [204, ''])
        assert.equal((await call('DELETE', encoded)).status, 404)
        assert.equal((await send()).status, 500)
      })
    })

    suite('API keys', () => {
      test('a key is shown once, and lists show it by its prefix', async () => {
        const created = await call('POST', keysPath, { name: 'shown once', permissions: { read: true, other: true } })
        assert.equal(created.status, 200)
        const [shown, apiKey] = [String(at(created.body, 'key')), at(created.body, 'api_key')]
        assert.match(shown, /^tb_live_[0-9A-Za-z]{46}$/)
        assert.deepEqual(at(apiKey, 'scopes'), ['read'])
        const list = await call('GET', keysPath, undefined, shown)
        assert.equal(list.status, 200)
        assert.ok(!list.text.includes(shown))
        assert.ok(list.text.includes(String(at(apiKey, 'key_prefix'))))
      })

      test('scopes and name can be changed both ways, and hold at once', async () => {
        const created = await call('POST', keysPath, { name: 'before', scopes: ['read'] })
        const [shown, id] = [String(at(created.body, 'key')), at(created.body, 'api_key', 'id')]
        assert.equal((await call('GET', assistantsPath, undefined, shown)).status, 200)
        const published = await call('PUT', `${keysPath}/${id}?name=after`, { send: true })
        assert.deepEqual([at(published.body, 'name'), at(published.body, 'scopes')], ['after', ['send']])
        assert.equal((await call('GET', assistantsPath, undefined, shown)).status, 403)
        const ours = await call('PUT', `${keysPath}/${id}`, { name: 'ours', scopes: ['read', 'send'] })
        assert.deepEqual([at(ours.body, 'name'), at(ours.body, 'scopes')], ['ours', ['send', 'read']])
        assert.equal((await call('PUT', `${keysPath}/${id}?name=bare`)).status, 200)
      })
    })

    suite('assistants', () => {
      test('PUT replaces custom settings and PATCH merges them; both leave alone what is not given', async () => {
        const id = await createAssistant({
          description: 'first',
          custom_settings: { a: 1, b: 2 },
          llm_settings: { x: 1 },
        })
        const patched = await call('PATCH', `${assistantsPath}/${id}`, { custom_settings: { b: 3 } })
        assert.deepEqual(at(patched.body, 'custom_settings'), { a: 1, b: 3 })
        assert.equal(at(patched.body, 'description'), 'first')
        const put = await call('PUT', `${assistantsPath}/${id}/`, { custom_settings: { c: 4 }, description: null })
        assert.deepEqual(at(put.body, 'custom_settings'), { c: 4 })
        assert.equal(at(put.body, 'description'), null)
        assert.deepEqual((await call('GET', `${assistantsPath}/${id}`)).body, put.body)
      })

      test('how inbound texts are treated is set, merged, replaced and taken away', async () => {
        const id = await createAssistant({ inbound: { coalesce_ms: 500, freed_keywords: ['END'], help_reply: null } })
        const change = async (method: string, inbound: unknown) =>
          at((await call(method, `${assistantsPath}/${id}`, { inbound })).body, 'inbound')
        assert.deepEqual(await change('PATCH', { opt_out_reply: 'Done.' }), {
          coalesce_ms: 500,
          freed_keywords: ['END'],
          opt_out_reply: 'Done.',
        })
        assert.deepEqual(await change('PATCH', { coalesce_ms: null }), {
          freed_keywords: ['END'],
          opt_out_reply: 'Done.',
        })
        assert.deepEqual(await change('PUT', { opt_in_reply: 'Back.' }), { opt_in_reply: 'Back.' })
        assert.deepEqual(await change('PUT', undefined), { opt_in_reply: 'Back.' })
        assert.deepEqual(await change('PATCH', null), {})
      })

      test('custom settings stay within their limit, however they are pieced together', async () => {
        const id = await createAssistant({ custom_settings: { a: 'a'.repeat(10_000) } })
        const refused = await call('PATCH', `${assistantsPath}/${id}`, { custom_settings: { b: 'b'.repeat(10_000) } })
        assert.deepEqual(
          [refused.status, at(refused.body, 'detail')],
          [400, 'custom_settings must have at most 16384 characters as JSON, all of them together.'],
        )
      })

      test('lists are paged, count and list agree, and inactive ones can be left out', async () => {
        const id = await createAssistant({ is_active: false })
        const ids = async (query: string) => {
          const { body } = await call('GET', `${assistantsPath}?${query}`)
          assert.ok(Array.isArray(body))
          return body.map((assistant: unknown) => at(assistant, 'id'))
        }
        const all = await ids('')
        assert.deepEqual(await ids('skip=1&limit=2'), all.slice(1, 3))
        assert.ok(all.includes(id) && !(await ids('active_only=true')).includes(id))
        assert.equal(at((await call('GET', `${assistantsPath}/count`)).body, 'count'), all.length)
      })
    })

    suite('phone numbers', () => {
      test('a number is found by assistant and by phone, given away and taken back', async () => {
        const account = await createAccount()
        const [one, other] = [await createAssistant({ provider_account_id: account }), await createAssistant()]
        const phone = freshNumber()
        const byPhone = async () =>
          at((await call('GET', `${assistantsPath}/by-phone/${encodeURIComponent(phone)}`)).body, 'id')
        const numbersOf = async (path: string) => (await call('GET', path)).text.includes(phone)

        const assign = { phone_number: phone, friendly_name: 'Line' }
        const unknown = await call('POST', `${assistantsPath}/${one}/phone-numbers/assign-by-number`, {
          ...assign,
          auto_sync: false,
        })
        assert.equal(unknown.status, 404)
        const added = await call('POST', `${assistantsPath}/${one}/phone-numbers/assign-by-number`, assign)
        assert.equal(added.status, 200, added.text)
        assert.deepEqual(
          [at(added.body, 'data', 'assistant', 'id'), at(added.body, 'data', 'provider_account_id')],
          [one, account],
        )
        const id = at(added.body, 'data', 'id')
        assert.equal(await byPhone(), one)
        assert.ok(await numbersOf(`${assistantsPath}/${one}/phone-numbers`))

        const bulk = await call('POST', `${assistantsPath}/${other}/phone-numbers/bulk-assign`, [id, 999_999])
        assert.deepEqual(at(bulk.body, 'data'), {
          assigned: [id],
          failed: [{ id: 999_999, detail: 'No phone number has this id.' }],
        })
        assert.equal(await byPhone(), other)
        const notIts = await call('POST', `${assistantsPath}/${one}/phone-numbers/unassign-by-number`, assign)
        assert.equal(notIts.status, 404)
        const freed = await call('POST', `${assistantsPath}/${other}/phone-numbers/unassign-by-number`, assign)
        assert.equal(at(freed.body, 'data', 'assistant'), null)
        assert.ok(await numbersOf(`${numbersPath}/available`))
        assert.ok(await numbersOf(`${assistantsPath}/${one}/available-phone-numbers`))
        assert.ok(!(await numbersOf(`${numbersPath}?include_unassigned=false`)))
        assert.equal((await call('POST', numbersPath, { ...assign, provider_account_id: account })).status, 409)
      })
    })

    suite('provider accounts', () => {
      test('secrets are named and never shown, wherever an account is answered', async () => {
        const id = await createAccount()
        for (const answer of [
          await call('GET', accountsPath),
          await call('GET', `${accountsPath}/${id}`),
          await call('PATCH', `${accountsPath}/${id}`, { auth_token: 'canary-new-token', name: fresh('renamed') }),
        ]) {
          assert.equal(answer.status, 200)
          assert.ok(!answer.text.includes(twilioAccount.authToken) && !answer.text.includes('canary-new-token'))
          assert.match(answer.text, /"secrets_set":\["auth_token"\]/)
        }
      })

      test('a base_url is shown and cannot be set, so that no key makes the service call what only it can reach', async () => {
        const { base_url, ...fields } = { ...twilioFields, base_url: 'http://127.0.0.1:9' }
        const id = await createAccount(fields)
        for (const refused of [
          await call('POST', accountsPath, { name: fresh('account'), ...fields, base_url }),
          await call('PATCH', `${accountsPath}/${id}`, { auth_token: 'another', base_url }),
        ])
          assert.deepEqual(
            [refused.status, at(refused.body, 'detail')],
            [400, "base_url can be set only in the operator's file (textbridge.yaml)."],
          )
        const shown = await call('GET', `${accountsPath}/${simulated.twilio}`)
        assert.equal(at(shown.body, 'base_url'), simulator.baseUrls.twilio)
        const kept = await call('PATCH', `${accountsPath}/${simulated.twilio}`, { name: fresh('account') })
        assert.equal(at(kept.body, 'base_url'), simulator.baseUrls.twilio)
        assert.equal(at((await call('PATCH', `${accountsPath}/${id}`, { base_url: null })).body, 'base_url'), null)
      })

      test('an account in use cannot be removed; an unused one is gone', async () => {
        const id = await createAccount()
        const assistant = await createAssistant({ provider_account_id: id })
        assert.equal((await call('DELETE', `${accountsPath}/${id}`)).status, 409)
        await call('PUT', `${assistantsPath}/${assistant}`, { provider_account_id: null })
        assert.equal((await call('DELETE', `${accountsPath}/${id}`)).status, 204)
        assert.equal((await call('GET', `${accountsPath}/${id}`)).status, 404)
      })

      test('a number without an account named takes the only one there is, and none when there are several', async () => {
        await createAccount()
        const several = await call('POST', numbersPath, { phone_number: freshNumber() })
        assert.match(String(at(several.body, 'detail')), /^provider_account_id is required: there are several/)
        const solo = 'canary-key-of-solo-0123456789-0123456789'
        const small = await startTestService({ engine, organizations: [{ name: 'Solo', key: solo }] })
        try {
          const post = (path: string, json: object) => small.call('POST', path, { key: solo, json })
          const none = await post(numbersPath, { phone_number: freshNumber() })
          assert.match(String(at(none.body, 'detail')), /^There is no provider account yet/)
          await post(accountsPath, { name: 'only', ...twilioFields })
          assert.equal((await post(numbersPath, { phone_number: freshNumber() })).status, 201)
        } finally {
          await small.close()
        }
      })
    })

    test('a content type without a body is no fault where no body is needed', async () => {
      const id = await createAssistant()
      const response = await fetch(`${service.url}${assistantsPath}/${id}`, {
        method: 'DELETE',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      })
      assert.equal(response.status, 200)
    })

    test('no key, number or secret was logged, and nothing counted as a bug', () => {
      const log = service.logLines.join('')
      assert.ok(!log.includes('http.bug'), log)
      for (const canary of [key, twilioAccount.authToken, '+1303555', 'tb_live_'])
        assert.ok(!log.includes(canary), canary)
    })
  })
