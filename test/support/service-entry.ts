/**
 * The service as a process that a test can kill. Arguments: how many milliseconds the clock is ahead, and the failpoint
 * at which each send tells the parent and stands still (or nothing). Talks by messages: `reached` at the failpoint,
 * `memory` when asked for it.
 */
import { startApp } from '../../src/app.ts'
import { parseConfig } from '../../src/config/config.ts'
import { readEnv } from '../../src/config/env.ts'
import { parseSecrets } from '../../src/config/secrets.ts'
import { makeLog } from '../../src/telemetry/log.ts'
import { fastClock } from './fast-clock.ts'
import type { FromService } from './service-process.ts'

const [aheadMs, failpoint] = process.argv.slice(2)
const tell = (message: FromService) => process.send?.(message)

const env = readEnv()
const app = await startApp({
  config: parseConfig(env),
  secrets: parseSecrets(env),
  log: makeLog({ level: 'error', destination: process.stderr }),
  version: 'test',
  clock: fastClock({ speed: 20, aheadMs: Number(aheadMs) }),
  failpoints: {
    reach(name) {
      if (name !== failpoint) return
      tell({ kind: 'reached' })
      return new Promise(() => {})
    },
  },
})
process.on('message', () => {
  globalThis.gc?.()
  const { heapUsed, external, rss } = process.memoryUsage()
  tell({ kind: 'memory', heapBytes: heapUsed + external, rssBytes: rss })
})
process.on('disconnect', () => process.exit())
tell({ kind: 'listening', url: app.url })
