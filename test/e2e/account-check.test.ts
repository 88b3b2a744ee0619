import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { environmentOf, installOrganization, providerAccountSecrets, senders } from '../support/installation.ts'
import { runTextbridge } from '../support/process.ts'
import { at, createDatabase, engines } from '../support/service-client.ts'
import { startWorld, type World } from '../support/world.ts'

function faultsOf(checks: unknown): unknown[] {
  assert.ok(Array.isArray(checks))
  return checks
    .filter((check) => at(check, 'ok') === false)
    .map((check) => [at(check, 'name'), at(check, 'phone_number')])
}

for (const engine of engines)
  suite(`the check of a provider account, on ${engine}`, () => {
    let world: World
    before(async () => {
      world = await startWorld({ engine })
    })
    after(() => world.close())

    async function accountId(provider: string): Promise<unknown> {
      const { body } = await world.call('GET', '/api/v1/provider-accounts')
      assert.ok(Array.isArray(body))
      return at(
        body.find((account: unknown) => at(account, 'provider') === provider),
        'id',
      )
    }

    for (const provider of ['twilio', 'telnyx'] as const)
      test(`asks ${provider} about credentials, numbers and their webhooks, and shows no secret`, async () => {
        const path = `/api/v1/provider-accounts/${await accountId(provider)}/check`
        const whole = await world.call('POST', path)
        assert.deepEqual([whole.status, faultsOf(at(whole.body, 'checks'))], [200, []], whole.text)
        assert.equal(at(whole.body, 'ok'), true)
        world.simulator.configure({ inboundUrls: { [senders[provider]]: 'https://user:pw@elsewhere.example/a?key=1' } })
        const { body, text } = await world.call('POST', path)
        const phoneNumber = provider === 'twilio' ? senders.twilio : null
        assert.deepEqual(faultsOf(at(body, 'checks')), [['inbound_webhook', phoneNumber]])
        assert.match(text, /reported to https:\/\/elsewhere\.example\/a, which is not this service/)
        assert.match(text, new RegExp(`/webhooks/sms/${provider}"`))
        for (const secret of [...providerAccountSecrets, 'pw', 'key=1']) assert.ok(!text.includes(secret))
      })

    test('an account that there is not is not found', async () => {
      assert.equal((await world.call('POST', '/api/v1/provider-accounts/999999/check')).status, 404)
    })

    test('doctor says what to fix and which rules are off, and fails when there is something', async () => {
      const database = await createDatabase(engine)
      const env = environmentOf(database)
      await installOrganization(env, { name: 'Acme', apiKeys: [], baseUrls: world.simulator.baseUrls })
      const plain = await runTextbridge(['doctor'], env)
      assert.equal(plain.code, 1, plain.stderr)
      assert.match(plain.stdout, /ok {5}credentials: The provider takes the credentials\./)
      assert.match(plain.stdout, /FAULT {2}webhook signature: public_key is not set/)
      assert.match(plain.stdout, /-> Copy public_key from the Telnyx portal/)
      assert.match(plain.stdout, /Rules of the policy that are off: recipients, countries/)
      assert.match(plain.stderr, /\d of the checks failed\./)
      const json = await runTextbridge(['doctor', '--json'], env)
      const report: unknown = JSON.parse(json.stdout)
      assert.deepEqual([at(report, 'organization'), at(report, 'ok')], ['Acme', false])
      assert.equal(at(report, 'provider_accounts', 0, 'checks', 0, 'name'), 'credentials')
      await database.drop()
    })
  })
