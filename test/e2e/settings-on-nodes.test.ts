import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { type RunningApp, startApp } from '../../src/app.ts'
import { parseConfig } from '../../src/config/config.ts'
import { parseSecrets } from '../../src/config/secrets.ts'
import { environmentOf, installOrganization, senders } from '../support/installation.ts'
import { type ManualClock, manualClock } from '../support/manual-clock.ts'
import type { TestDatabase } from '../support/postgres.ts'
import { type RecordingServer, startRecordingServer } from '../support/recording-server.ts'
import { accepting, freshRecipient, strangersNumbers } from '../support/send-service.ts'
import { type Answer, at, callService, createDatabase } from '../support/service-client.ts'
import { silentLog } from '../support/silent-log.ts'

const ours = 'canary-key-of-ours-0123456789-0123456789'
const theirs = 'canary-key-of-theirs-0123456789-0123456789'
/** What other processes changed is looked up again after 2 s; this is what is promised. */
const holdsWithinMs = 5_000

suite('settings on two nodes over one PostgreSQL', () => {
  let provider: RecordingServer
  let database: TestDatabase
  let nodes: readonly { readonly app: RunningApp; readonly clock: ManualClock }[]

  before(async () => {
    provider = await startRecordingServer()
    provider.reply(accepting)
    database = await createDatabase('postgres')
    const env = { ...environmentOf(database), TEXTBRIDGE_ROLES: 'api' }
    const baseUrls = { twilio: provider.url, telnyx: provider.url }
    await installOrganization(env, { name: 'Ours', apiKeys: [ours], baseUrls })
    await installOrganization(env, { name: 'Theirs', apiKeys: [theirs], baseUrls, numbers: strangersNumbers })
    nodes = await Promise.all(
      [0, 1].map(async () => {
        const clock = manualClock(Date.now())
        const [config, secrets] = [parseConfig(env), parseSecrets(env)]
        return { clock, app: await startApp({ config, secrets, log: silentLog, version: 'test', clock }) }
      }),
    )
  })
  after(async () => {
    await Promise.all(nodes.map(({ app }) => app.close()))
    await provider.close()
    await database.drop()
  })

  const call = (node: 0 | 1, method: string, path: string, json?: object, key = ours): Promise<Answer> =>
    callService(nodes[node]?.app.url ?? '', method, path, { key, ...(json === undefined ? {} : { json }) })
  /** What became of it: its status, or why there is none. */
  async function send(node: 0 | 1, fields: object = {}, key = ours): Promise<unknown> {
    const text = { from_phone_number: senders.telnyx, to_phone_number: freshRecipient(), message: 'Hello', ...fields }
    const { body } = await call(node, 'POST', '/sms/send', text, key)
    return at(body, 'code') ?? at(body, 'status')
  }
  const sendTheirs = (node: 0 | 1) => send(node, { from_phone_number: strangersNumbers.telnyx }, theirs)
  /** Both know all routes by now. */
  async function warm(): Promise<void> {
    for (const node of [0, 1] as const) assert.equal(await send(node), 'sent')
  }
  const pass = () => {
    for (const { clock } of nodes) clock.advance(holdsWithinMs)
  }

  test('a policy holds at once where it was set, and on the other node within 5 s; so does its end', async () => {
    await warm()
    await call(0, 'PUT', '/api/v1/policy', { countries: ['GB'] })
    assert.equal(await send(0), 'country_not_allowed')
    pass()
    assert.deepEqual([await send(0), await send(1)], ['country_not_allowed', 'country_not_allowed'])
    assert.deepEqual([await sendTheirs(0), await sendTheirs(1)], ['sent', 'sent'])
    await call(1, 'PUT', '/api/v1/policy', {})
    assert.equal(await send(1), 'sent')
    pass()
    assert.equal(await send(0), 'sent')
  })

  test('so does a pause, at every level', async () => {
    const number = await call(0, 'GET', '/api/v1/assistants/organization/phone-numbers')
    const [, telnyx] = [0, 1].map((index) => at(number.body, index))
    assert.equal(at(telnyx, 'phone_number'), senders.telnyx)
    const paths = [
      '/api/v1/organization',
      `/api/v1/assistants/${at(telnyx, 'assistant', 'id')}`,
      `/api/v1/assistants/organization/phone-numbers/${at(telnyx, 'id')}`,
      `/api/v1/provider-accounts/${at(telnyx, 'provider_account_id')}`,
    ]
    for (const path of paths) {
      await warm()
      assert.equal((await call(0, 'POST', `${path}/pause`)).status, 200)
      assert.equal(await send(0), 'held', path)
      pass()
      assert.equal(await send(1), 'held', path)
      assert.deepEqual([await sendTheirs(0), await sendTheirs(1)], ['sent', 'sent'])
      assert.equal((await call(1, 'POST', `${path}/resume`)).status, 200)
      assert.equal(await send(1), 'sent', path)
      pass()
      assert.equal(await send(0), 'sent', path)
    }
  })

  test('a limit of the organization holds over both nodes, exactly', async () => {
    await warm()
    await call(0, 'PUT', '/api/v1/policy', { per_organization: [{ messages: 40, per: 'day' }] })
    pass()
    const before = Number(at((await call(0, 'GET', '/api/v1/sms-logs?limit=1&status=sent')).body, 'total'))
    const outcomes = await Promise.all(Array.from({ length: 80 }, (_, index) => send(index % 2 === 0 ? 0 : 1)))
    assert.equal(outcomes.filter((outcome) => outcome === 'sent').length, 40 - before)
    assert.ok(outcomes.every((outcome) => outcome === 'sent' || outcome === 'organization_cap'))
    await call(0, 'PUT', '/api/v1/policy', {})
  })

  test('nothing of it is seen by another organization', async () => {
    const [policy, log, held] = await Promise.all(
      ['/api/v1/policy', '/api/v1/audit-log', '/api/v1/held'].map((path) => call(0, 'GET', path, undefined, theirs)),
    )
    assert.deepEqual(at(policy?.body, 'policy'), {})
    const entries = at(log?.body, 'entries')
    assert.ok(Array.isArray(entries))
    assert.deepEqual(
      entries.map((entry: unknown) => at(entry, 'action')),
      ['api_key.created'],
    )
    assert.deepEqual(at(held?.body, 'messages'), [])
  })
})
