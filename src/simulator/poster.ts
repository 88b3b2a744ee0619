import { request } from 'undici'
import { errorFields } from '../core/error-fields.ts'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import type { Carrier } from './carrier.ts'
import type { Repeats, Webhook } from './wire-api.ts'

const postTimeoutMs = 5_000
const retryDelayMs = 1_000

export type Posting = {
  readonly provider: string
  /** Absent for what is not the provider's: no account has a record of it. */
  readonly accountId?: string
  readonly url: string
  readonly webhook: Webhook
  readonly repeats: Repeats
}

/** Posts webhooks, and knows of all work that is under way. */
export type Poster = {
  /** Whether it was taken. */
  post(posting: Posting): Promise<boolean>
  wait(ms: number): Promise<void>
  /** Work that `idle` waits for. */
  run(work: () => Promise<void>): Promise<void>
  idle(): Promise<void>
  stop(): Promise<void>
}

export function makePoster({ clock, log, carrier }: { clock: Clock; log: Log; carrier: Carrier }): Poster {
  const stopping = new AbortController()
  const running = new Set<Promise<void>>()

  async function tryOnce({ provider, url, webhook }: Posting): Promise<number | undefined> {
    try {
      const signal = AbortSignal.any([stopping.signal, AbortSignal.timeout(postTimeoutMs)])
      const answer = await request(url, { method: 'POST', headers: webhook.headers, body: webhook.body, signal })
      await answer.body.dump()
      if (answer.statusCode >= 300) log.debug('simulator.webhook_refused', { provider, status: answer.statusCode })
      return answer.statusCode
    } catch (error) {
      log.debug('simulator.webhook_failed', { provider, ...errorFields(error) })
      return undefined
    }
  }

  async function tryAll(posting: Posting): Promise<boolean> {
    const { triesMax, afterAnswer } = posting.repeats
    for (let tries = 1; !stopping.signal.aborted; tries++) {
      const status = await tryOnce(posting)
      if (status !== undefined && status < 300) return true
      if (tries >= triesMax || (status !== undefined && !afterAnswer)) return false
      await clock.sleep(retryDelayMs, stopping.signal)
    }
    return false
  }

  return {
    async post(posting) {
      const startedAt = clock.now()
      const isDelivered = await tryAll(posting)
      const { accountId, url, webhook } = posting
      const facts = { url, body: webhook.body, isDelivered, startedAt, finishedAt: clock.now() }
      if (accountId !== undefined) carrier.recordWebhook({ accountId, ...facts })
      return isDelivered
    },
    wait: (ms) => clock.sleep(ms, stopping.signal),
    run(work) {
      const done: Promise<void> = work().finally(() => running.delete(done))
      running.add(done)
      return done
    },
    async idle() {
      while (running.size > 0) await Promise.all(running)
    },
    async stop() {
      stopping.abort()
      await Promise.all(running)
    },
  }
}
