import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, suite, test } from 'node:test'
import { type ApiKeyScope, apiKeyScopes } from '../../src/core/api-key.ts'
import { scopesByRole, userRoles } from '../../src/core/user.ts'
import { recordApiKey } from '../../src/use-cases/create-api-key.ts'
import { type ConsoleNodes, startConsoleNodes } from '../support/console-nodes.ts'
import { manualClock } from '../support/manual-clock.ts'
import { listOf, type Operation, operationsOf } from '../support/openapi-operations.ts'
import { type Answer, at, callService, engines } from '../support/service-client.ts'

const document: unknown = JSON.parse(readFileSync(new URL('../../docs/openapi.json', import.meta.url), 'utf8'))
const operations = operationsOf(document).filter(({ isScoped }) => isScoped)

/** What each scope adds to nothing. Whoever adds an operation says here who may do it. */
const idsByScopes: Readonly<Record<string, readonly string[]>> = {
  'send read operate manage': ['changePassword', 'getSession', 'signOut', 'signOutEverywhere'],
  send: ['sendSms', 'sendSmsBatch'],
  'read send': ['getSmsStatus'],
  'send operate manage': ['cancelSms'],
  'operate manage': [
    'approveHeld',
    'archiveConversation',
    'checkProviderAccount',
    'createOptOut',
    'deleteOptOut',
    'getEventEndpoint',
    'importOptOuts',
    'listEventDeliveries',
    'listEventEndpoints',
    'listRefusedWebhooks',
    'pauseAssistant',
    'pauseOrganization',
    'pausePhoneNumber',
    'pauseProviderAccount',
    'refuseHeld',
    'replayEventDelivery',
    'replayEventEndpoint',
    'resolveUnknown',
    'resumeAssistant',
    'resumeOrganization',
    'resumePhoneNumber',
    'resumeProviderAccount',
    'resumeQueue',
    'updatePerson',
  ],
}

function scopesOf({ operation }: Operation): readonly string[] {
  return listOf(at(operation, 'x-scopes')).map(String)
}

test('what is more than reading and less than changing the set-up is named here', () => {
  const named = Object.entries(idsByScopes).flatMap(([scopes, ids]) => ids.map((id) => `${id}: ${scopes}`))
  const described = operations
    .map((operation) => `${at(operation.operation, 'operationId')}: ${scopesOf(operation).join(' ')}`)
    .filter((line) => !/: (read )?manage$/.test(line))
  assert.deepEqual(described.sort(), named.sort())
})

test('with read nothing can be changed, and only reading goes by it', () => {
  for (const operation of operations)
    if (scopesOf(operation).includes('read') && scopesOf(operation).length < apiKeyScopes.length)
      assert.equal(operation.method, 'GET', operation.title)
})

for (const engine of engines)
  suite(`every operation lets in whom its description says, over ${engine}`, () => {
    let nodes: ConsoleNodes
    let url = ''
    const keys: Partial<Record<ApiKeyScope, string>> = {}

    before(async () => {
      nodes = await startConsoleNodes(engine)
      url = nodes.urls[0] ?? ''
      const organizationId = (await nodes.store.organizations.findByName('Acme'))?.id ?? 0
      for (const scope of apiKeyScopes) {
        const key = `canary-key-for-${scope}-0123456789-0123456789`
        const parts = { store: nodes.store, clock: manualClock(1) }
        await recordApiKey(parts, { organizationId, name: scope, scopes: [scope], key })
        keys[scope] = key
      }
    })
    after(() => nodes.close())

    for (const operation of operations)
      test(operation.title, async () => {
        const { method, path } = operation
        // Nothing has these ids, so that hardly anything happens where somebody is let in.
        const address = path.replaceAll(/\{(\w*number)\}/g, '%2B12025559999').replaceAll(/\{\w+\}/g, '999999')
        const isLetIn = ({ status, body }: Answer) =>
          status !== 403 || !/needs the scope/.test(String(at(body, 'detail')))
        const scopes = scopesOf(operation)
        const json = operation.body === undefined ? undefined : {}
        assert.equal((await callService(url, method, address, { json })).status, 401)
        for (const scope of apiKeyScopes) {
          const answer = await callService(url, method, address, { json, key: keys[scope] ?? '' })
          assert.equal(isLetIn(answer), scopes.includes(scope), `a key with ${scope}: ${answer.status} ${answer.text}`)
        }
        for (const role of userRoles) {
          const browser = await nodes.signedIn(role, role)
          const answer = await browser.ask(method, address, { json })
          const held: readonly string[] = scopesByRole[role]
          const expected = scopes.some((scope) => held.includes(scope))
          assert.equal(isLetIn(answer), expected, `${role}: ${answer.status} ${answer.text}`)
          if (!expected)
            assert.match(String(at(answer.body, 'detail')), new RegExp(`^As ${role} you may not do that: `))
        }
      })
  })
