import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { makeMetrics } from './metrics.ts'

const now = 1_790_000_000_000
const names = [
  'textbridge_queue_messages',
  'textbridge_queue_oldest_seconds',
  'textbridge_unknown_messages',
  'textbridge_event_deliveries',
  'textbridge_event_delivery_oldest_seconds',
]
const found = { queued: 10_000, scheduled: 2, held: 3, unknown: 4, pendingDeliveries: 5, deadDeliveries: 6 }

async function valuesOf(metrics: ReturnType<typeof makeMetrics>): Promise<string[]> {
  const lines = (await metrics.render()).split('\n')
  return lines.filter((line) => names.some((name) => line.startsWith(`${name} `) || line.startsWith(`${name}{`)))
}

suite('what metrics tell of the backlog', () => {
  test('is what was found last, and how long the oldest has waited', async () => {
    const metrics = makeMetrics()
    metrics.backlog({ ...found, held: 9 }, now - 5_000)
    metrics.backlog({ ...found, oldestQueuedAt: now - 2_500, oldestDeliveryAt: now - 60_000 }, now)
    assert.deepEqual(await valuesOf(metrics), [
      'textbridge_queue_messages{status="queued"} 10000',
      'textbridge_queue_messages{status="scheduled"} 2',
      'textbridge_queue_messages{status="held"} 3',
      'textbridge_queue_oldest_seconds 2.5',
      'textbridge_unknown_messages 4',
      'textbridge_event_deliveries{state="pending"} 5',
      'textbridge_event_deliveries{state="dead"} 6',
      'textbridge_event_delivery_oldest_seconds 60',
    ])
  })

  test('is absent before it was read and while nobody knows it: a 0 would be a lie', async () => {
    const metrics = makeMetrics()
    assert.deepEqual(await valuesOf(metrics), [])
    metrics.backlog(found, now)
    metrics.backlog(undefined, now)
    assert.deepEqual(await valuesOf(metrics), [])
  })

  test('has nothing old where nothing waits, nor where a clock is behind', async () => {
    const metrics = makeMetrics()
    metrics.backlog({ ...found, oldestDeliveryAt: now + 1_000 }, now)
    assert.deepEqual(
      (await valuesOf(metrics)).filter((line) => line.includes('oldest')),
      ['textbridge_queue_oldest_seconds 0', 'textbridge_event_delivery_oldest_seconds 0'],
    )
  })

  test('says where its counts end', async () => {
    const text = await makeMetrics().render()
    for (const name of ['textbridge_queue_messages', 'textbridge_unknown_messages', 'textbridge_event_deliveries'])
      assert.match(text, new RegExp(`^# HELP ${name} .*counted up to 10,000`, 'm'))
  })
})
