import { readFileSync, writeFileSync } from 'node:fs'
import type { Store } from '../ports/store.ts'
import { buildServer } from './server.ts'

// `npm run generate`: docs/openapi.json from the route schemas. Nothing listens, and nothing behind the routes is asked.

function absent(): never {
  throw new Error('Routes are only described here.')
}

const store: Store = {
  get sends() {
    return absent()
  },
  get batches() {
    return absent()
  },
  get queue() {
    return absent()
  },
  get statistics() {
    return absent()
  },
  get audit() {
    return absent()
  },
  get evidence() {
    return absent()
  },
  get inbound() {
    return absent()
  },
  get messages() {
    return absent()
  },
  get events() {
    return absent()
  },
  get optOuts() {
    return absent()
  },
  get organizations() {
    return absent()
  },
  get accounts() {
    return absent()
  },
  get assistants() {
    return absent()
  },
  get senders() {
    return absent()
  },
  get apiKeys() {
    return absent()
  },
  get users() {
    return absent()
  },
  get sessions() {
    return absent()
  },
  get queueState() {
    return absent()
  },
  get wakeUps() {
    return absent()
  },
  get retention() {
    return absent()
  },
  get people() {
    return absent()
  },
  ping: absent,
  close: absent,
}

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string
}
const app = await buildServer({
  store,
  providers: new Map(),
  clock: { now: absent, monotonicMs: absent, sleep: absent },
  random: { bytes: absent, chance: absent },
  log: { debug: absent, info: absent, warn: absent, error: absent },
  authenticator: { authenticate: absent, authenticateAgain: absent, clear: absent },
  cookie: { origin: '', read: absent, refusePlainHttp: absent, write: absent, remove: absent },
  passwords: { hash: absent, verify: absent },
  attempts: { begin: absent },
  sendMessage: absent,
  previewSend: absent,
  sendBatch: absent,
  cancelMessage: absent,
  findWait: absent,
  mediaUrls: absent,
  logIds: { idOf: absent, keyOf: absent },
  judgeAddress: absent,
  resolveUnknown: absent,
  mediaLinks: { urlsFor: absent, verify: absent },
  receiveProviderWebhook: absent,
  stopping: new AbortController().signal,
  publicUrl: 'http://localhost:3000',
  version,
  renderMetrics: absent,
  changed: absent,
  wakeJobs: absent,
})
await app.ready()
const path = new URL('../../docs/openapi.json', import.meta.url)
writeFileSync(path, `${JSON.stringify(app.swagger(), undefined, 2)}\n`)
await app.close()
