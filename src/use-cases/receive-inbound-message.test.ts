import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openMemoryStore, steppedClock } from '../../test/support/parts.ts'
import { silentLog } from '../../test/support/silent-log.ts'
import { buildRoute, silentMetrics } from '../../test/support/store-builders.ts'
import { optOutEvidenceLengthMax } from '../core/opt-out.ts'
import { parseE164 } from '../core/phone-number.ts'
import { systemRandom } from '../telemetry/random.ts'
import { receiveInboundMessage } from './receive-inbound-message.ts'

test('a STOP is recorded whole however its evidence has to be cut, and so is its reply', async () => {
  const store = await openMemoryStore()
  const { sender, account } = await buildRoute(store)
  const { organizationId } = sender
  // Cut at 40 units, this name ends in half an emoji; PostgreSQL takes no text that does.
  await store.organizations.change(organizationId, (now) => ({ ...now, name: `${'a'.repeat(39)}😡` }))
  // Looked at before it is stored: SQLite mends a broken text silently.
  const texts: (string | undefined)[] = []
  const receive: typeof store.inbound.receive = (inbound) => {
    const { optOut, reply } = inbound.consent([])
    texts.push(optOut.evidence, reply?.body)
    return store.inbound.receive(inbound)
  }
  const parts = {
    store: { ...store, inbound: { ...store.inbound, receive } },
    clock: steppedClock(),
    random: systemRandom,
    log: silentLog,
    metrics: silentMetrics,
    wakeJobs: () => undefined,
  }
  for (const [index, body] of [`STOP${'😡'.repeat(400)}`, `STOP!${'😡'.repeat(400)}`].entries()) {
    const person = parseE164(`+1202555019${index}`)
    const inbound = { providerMessageId: `SM${index}`, person, number: sender.phoneNumber, body, media: [] }
    const result = await receiveInboundMessage(parts, { sender, account }, inbound)
    assert.equal(result?.kind, 'received')
    const [optOut] = await store.optOuts.find(organizationId, person)
    assert.ok((optOut?.evidence?.length ?? 0) <= optOutEvidenceLengthMax)
  }
  assert.equal(texts.length, 4)
  for (const text of texts) assert.ok(text?.isWellFormed())
  await store.close()
})
