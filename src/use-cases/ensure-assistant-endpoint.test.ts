import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { buildEventSource, type EventDatabase, openSqliteEvents } from '../../test/support/event-rows.ts'
import { steppedClock } from '../../test/support/parts.ts'
import { now } from '../../test/support/store-builders.ts'
import type { Assistant } from '../core/organization.ts'
import { systemRandom } from '../telemetry/random.ts'
import { ensureAssistantEndpoint } from './ensure-assistant-endpoint.ts'
import { rotatedSecrets, secretOverlapMs, signingSecrets } from './event-endpoint-secrets.ts'

let database: EventDatabase
before(async () => {
  database = await openSqliteEvents(':memory:')
})
after(() => database.close())

async function assistantOf() {
  const { organizationId, assistant: insert } = await buildEventSource(database)
  const id = await insert()
  const assistant: Assistant = {
    id,
    organizationId,
    name: 'Support',
    inbound: {},
    policy: {},
    customSettings: {},
    isActive: true,
    createdAt: now,
    updatedAt: now,
  }
  return {
    async ensure(smsWebhookUrl: string | undefined, trusted: boolean) {
      const changed = { ...assistant, ...(smsWebhookUrl === undefined ? {} : { smsWebhookUrl }) }
      const parts = { store: database, clock: steppedClock(), random: systemRandom }
      await ensureAssistantEndpoint(parts, { assistant: changed, trusted })
      return database.events.findAssistantEndpoint(organizationId, id)
    },
    disable: (endpointId: number) =>
      database.events.changeEndpoint(organizationId, endpointId, (present) => ({ ...present, disabledAt: now })),
  }
}

test('the endpoint comes and goes with the address, and keeps its secret while it moves', async () => {
  const { ensure } = await assistantOf()
  assert.equal(await ensure(undefined, false), undefined)
  const made = await ensure('https://one.example/', false)
  assert.match(made?.secrets[0]?.value ?? '', /^whsec_/)
  assert.deepEqual([made?.url, made?.trusted, made?.ordered], ['https://one.example/', false, true])
  assert.deepEqual(await ensure('https://one.example/', false), made)
  const moved = await ensure('https://two.example/', false)
  assert.deepEqual([moved?.id, moved?.url, moved?.secrets], [made?.id, 'https://two.example/', made?.secrets])
  assert.equal(await ensure(undefined, false), undefined)
})

test('only an address from the operator is trusted, and only as long as it stays', async () => {
  const { ensure } = await assistantOf()
  assert.equal((await ensure('http://10.0.0.1/', true))?.trusted, true)
  assert.equal((await ensure('http://10.0.0.1/', false))?.trusted, true)
  assert.equal((await ensure('http://10.0.0.2/', false))?.trusted, false)
  assert.equal((await ensure('http://10.0.0.1/', false))?.trusted, false)
  assert.equal((await ensure('http://10.0.0.1/', true))?.trusted, true)
})

test('an endpoint that was gone is tried again at a new address', async () => {
  const { ensure, disable } = await assistantOf()
  const made = await ensure('https://one.example/', false)
  await disable(made?.id ?? 0)
  assert.equal((await ensure('https://one.example/', false))?.disabledAt, now)
  assert.equal((await ensure('https://one.example/', true))?.disabledAt, now)
  assert.equal((await ensure('https://two.example/', false))?.disabledAt, undefined)
})

test('a replaced secret signs for a day, at most three do, and a leaked one goes at once', () => {
  const secret = (value: string) => ({ value })
  const once = rotatedSecrets([secret('a')], { made: secret('b'), now, keepsOld: true })
  assert.deepEqual(once, [{ value: 'b' }, { value: 'a', signsUntil: now + secretOverlapMs }])
  const thrice = ['c', 'd'].reduce(
    (secrets, value) => rotatedSecrets(secrets, { made: secret(value), now: now + 1, keepsOld: true }),
    once,
  )
  assert.deepEqual(signingSecrets({ secrets: thrice }, now + 2), ['d', 'c', 'b'])
  assert.deepEqual(signingSecrets({ secrets: thrice }, now + 1 + secretOverlapMs), ['d'])
  assert.deepEqual(rotatedSecrets(thrice, { made: secret('e'), now, keepsOld: false }), [{ value: 'e' }])
})
