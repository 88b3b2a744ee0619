import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventually, type ManualClock, manualClock } from '../../test/support/manual-clock.ts'
import { openMemoryStore, testPaces } from '../../test/support/parts.ts'
import { silentLog } from '../../test/support/silent-log.ts'
import { buildRoute, now, silentMetrics } from '../../test/support/store-builders.ts'
import type { SendRequest } from '../core/message.ts'
import type { Route } from '../core/organization.ts'
import { parseE164 } from '../core/phone-number.ts'
import type { Provider } from '../ports/provider.ts'
import type { Store } from '../ports/store.ts'
import { systemRandom } from '../telemetry/random.ts'
import { makeCircuitBreakers } from './circuit-breaker.ts'
import { attemptFreshMs } from './dispatch-message.ts'
import { makeExpectedWait } from './expected-wait.ts'
import { noFailpoints } from './failpoints.ts'
import { makeResolutionWatch } from './resolution-watch.ts'
import { makeSendMessage } from './send-message.ts'
import { makeStandingRoutes } from './standing-route.ts'

type World = Awaited<ReturnType<typeof buildWorld>>

/** A strict number with one segment a second, of which the next turn is some seconds away. */
async function buildWorld() {
  const store = await openMemoryStore()
  const clock = manualClock(now)
  const { sender } = await buildRoute(store)
  const { organizationId, phoneNumber } = sender
  await store.senders.change(organizationId, sender.id, (present) => ({
    ...present,
    pacing: { strict: true, segmentsPerSecond: 1 },
  }))
  const stopping = new AbortController()
  const waits = { begun: 0 }
  const sent: string[] = []
  const sendMessage = makeSendMessage({
    ...partsOf(store, { clock, sent }),
    clock: {
      ...clock,
      sleep(ms, signal) {
        waits.begun++
        return clock.sleep(ms, signal)
      },
    },
    stopping: stopping.signal,
    findRoute: (id, number): Promise<Route | undefined> => store.senders.findRoute(id, number),
  })
  const send = (body: string) => sendMessage(organizationId, requestOf(phoneNumber, body))
  for (const body of ['one', 'two']) await send(body)
  return { store, clock, sender, stopping, waits, sent, send }
}

function partsOf(store: Store, { clock, sent }: { readonly clock: ManualClock; readonly sent: string[] }) {
  const provider: Provider = {
    name: 'twilio',
    accountFields: [],
    notCarriedAsGsm: '',
    paces: testPaces,
    evidenceWindowMs: 600_000,
    checkAccountFields: () => undefined,
    async send({ body }) {
      sent.push(body)
      return { kind: 'accepted', providerMessageId: `SM${sent.length}`, providerStatus: 'queued' }
    },
    claims: () => false,
    readWebhook: () => ({ kind: 'forged', detail: 'not asked for here' }),
    webhookAnswer: { contentType: 'text/plain', body: '' },
    findSent: async () => ({ kind: 'none' }),
    check: async () => [],
    mediaHeaders: () => undefined,
    close: async () => undefined,
  }
  return {
    store,
    providers: new Map([['twilio', provider]]),
    callbacks: { urlFor: () => 'https://sms.example.com/', verify: () => true },
    random: systemRandom,
    log: silentLog,
    metrics: silentMetrics,
    failpoints: noFailpoints,
    attemptFreshMs,
    breakers: makeCircuitBreakers({ clock, log: silentLog, metrics: silentMetrics }),
    watch: makeResolutionWatch({ store, clock }),
    routes: makeStandingRoutes({ store, clock }),
    wakeJobs: () => undefined,
    expectedWait: makeExpectedWait({ store, clock }),
  }
}

function requestOf(sender: SendRequest['sender'], body: string): SendRequest {
  return {
    sender,
    recipient: parseE164('+12025550199'),
    body,
    mediaUrls: [],
    category: 'conversation',
    onUnknown: 'hold',
    metadata: {},
    queue: false,
  }
}

async function waitingSend({ send, waits }: World, body: string) {
  const before = waits.begun
  const answer = send(body)
  await eventually(() => waits.begun > before)
  return { answer }
}

test('a direct send that waited for its turn is decided by the settings of then: a pause meanwhile holds it', async () => {
  const world = await buildWorld()
  const { answer } = await waitingSend(world, 'three')
  await world.store.senders.change(world.sender.organizationId, world.sender.id, (present) => ({
    ...present,
    pausedAt: now + 1,
  }))
  world.clock.advance(10_000)
  assert.equal((await answer).answer.message.status, 'held')
  assert.deepEqual(world.sent, ['one', 'two'])
  await world.store.close()
})

test('a process that stops does not send before its turn what waits for one: the caller hears to come back', async () => {
  const world = await buildWorld()
  const { answer } = await waitingSend(world, 'three')
  world.stopping.abort()
  await assert.rejects(answer, { code: 'unavailable', retryAfterMs: 1_000 })
  assert.deepEqual(world.sent, ['one', 'two'])
  await world.store.close()
})
