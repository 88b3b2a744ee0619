import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { Metrics } from '../ports/metrics.ts'

export type RenderedMetrics = Metrics & { readonly contentType: string; render(): Promise<string> }

/** A registry of its own: two services in one process do not count into each other. */
export function makeMetrics(): RenderedMetrics {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  const messages = new Counter({
    name: 'textbridge_messages_total',
    help: 'Messages by provider and the status they took.',
    labelNames: ['provider', 'status'],
    registers,
  })
  const calls = new Histogram({
    name: 'textbridge_provider_call_seconds',
    help: 'Provider calls by how they ended; outcome "unknown" counts what may or may not have gone out.',
    labelNames: ['provider', 'outcome'],
    buckets: [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    registers,
  })
  const unrecognized = new Counter({
    name: 'textbridge_unrecognized_codes_total',
    help: 'Provider codes that no table knows.',
    labelNames: ['provider'],
    registers,
  })
  const webhooks = new Counter({
    name: 'textbridge_provider_webhooks_total',
    help: 'Calls of providers by what they led to; "refused" were signed, but unreadable or about nothing known here.',
    labelNames: ['provider', 'result'],
    registers,
  })
  const reconciliations = new Counter({
    name: 'textbridge_reconciliations_total',
    help: 'Searches at providers for attempts without an outcome, by what they found.',
    labelNames: ['provider', 'finding'],
    registers,
  })
  const commits = new Histogram({
    name: 'textbridge_store_commit_seconds',
    help: 'Durable commits of the store.',
    labelNames: ['operation'],
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5],
    registers,
  })
  const committed = new Counter({
    name: 'textbridge_store_operations_total',
    help: 'Operations that were committed; divided by commits, how many share one.',
    labelNames: ['operation'],
    registers,
  })
  const clockSkew = new Gauge({
    name: 'textbridge_clock_skew_seconds',
    help: "How far this machine's clock is ahead of the database's, which is the one that counts.",
    registers,
  })
  const wakeUpsConnected = new Gauge({
    name: 'textbridge_wake_ups_connected',
    help: '1 while other processes can wake this one at once; at 0 it finds work only when it looks.',
    registers,
  })
  const queueHeld = new Gauge({
    name: 'textbridge_queue_held',
    help: '1 while the queue waits for a person to say go.',
    registers,
  })
  const openCircuits = new Gauge({
    name: 'textbridge_circuit_open',
    help: 'Accounts that this process calls only once a second, because their last calls all failed.',
    labelNames: ['provider'],
    registers,
  })
  const backlog = makeBacklogGauges(registry)
  const decisions = new Counter({
    name: 'textbridge_policy_decisions_total',
    help: 'Sends that the policy refused or held, when they were accepted or when their turn came, by its rule.',
    labelNames: ['decision', 'rule'],
    registers,
  })
  const slowdowns = new Counter({
    name: 'textbridge_sender_slowdowns_total',
    help: 'Times that the queue of a number was made to rest, because its provider did not take a text: by the reason.',
    labelNames: ['provider', 'reason'],
    registers,
  })
  return {
    contentType: registry.contentType,
    render: () => registry.metrics(),
    messageStatus: (provider, status) => messages.inc({ provider, status }),
    providerCall: (provider, outcome, durationMs) => calls.observe({ provider, outcome }, durationMs / 1_000),
    unrecognizedCode: (provider) => unrecognized.inc({ provider }),
    providerWebhook: (provider, result) => webhooks.inc({ provider, result }),
    reconciliation: (provider, finding) => reconciliations.inc({ provider, finding }),
    commit(operation, itemCount, durationMs) {
      commits.observe({ operation }, durationMs / 1_000)
      committed.inc({ operation }, itemCount)
    },
    clockSkew: (aheadMs) => clockSkew.set(aheadMs / 1_000),
    wakeUpsConnected: (isConnected) => wakeUpsConnected.set(isConnected ? 1 : 0),
    queueHeld: (isHeld) => queueHeld.set(isHeld ? 1 : 0),
    openCircuits: (provider, accountCount) => openCircuits.set({ provider }, accountCount),
    backlog,
    policyDecision: (decision, rule) => decisions.inc({ decision, rule }),
    senderSlowed: (provider, reason) => slowdowns.inc({ provider, reason }),
  }
}

const ofAll = 'Of the whole database, and so the same from every process; each counted up to 10,000.'

/** While nobody knows them they are absent, and not 0. */
function makeBacklogGauges(registry: Registry): Metrics['backlog'] {
  const gauge = <L extends string>(name: string, help: string, labelNames: readonly L[] = []) =>
    new Gauge({ name, help, labelNames, registers: [registry] })
  const messages = gauge('textbridge_queue_messages', `Messages that wait, by status. ${ofAll}`, ['status'])
  const oldest = gauge('textbridge_queue_oldest_seconds', 'For how long the oldest queued message has been due.')
  const unknown = gauge(
    'textbridge_unknown_messages',
    `Messages of which nobody knows whether they went out: a person decides. ${ofAll}`,
  )
  const deliveries = gauge('textbridge_event_deliveries', `Deliveries of events that wait or were given up. ${ofAll}`, [
    'state',
  ])
  const oldestDelivery = gauge(
    'textbridge_event_delivery_oldest_seconds',
    'How long ago the oldest delivery that still waits was made.',
  )
  const forget = () => {
    for (const plain of [oldest, unknown, oldestDelivery]) plain.remove()
    for (const labelled of [messages, deliveries]) labelled.reset()
  }
  forget()
  return (found, now) => {
    forget()
    if (found === undefined) return
    const secondsSince = (at: number | undefined) => (at === undefined ? 0 : Math.max(0, (now - at) / 1_000))
    for (const status of ['queued', 'scheduled', 'held'] as const) messages.set({ status }, found[status])
    oldest.set(secondsSince(found.oldestQueuedAt))
    unknown.set(found.unknown)
    deliveries.set({ state: 'pending' }, found.pendingDeliveries)
    deliveries.set({ state: 'dead' }, found.deadDeliveries)
    oldestDelivery.set(secondsSince(found.oldestDeliveryAt))
  }
}
