import { request } from 'undici'
import { errorFields } from '../core/error-fields.ts'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import type { CarriedMessage, CarriedStatus } from './carrier.ts'
import type { ReceiptPlan } from './magic-recipients.ts'
import type { Receipt, WireApi } from './wire-api.ts'

const postTimeoutMs = 5_000
const retryDelayMs = 1_000

export type ReceiptSender = {
  /** Plays the life of an accepted message: its status moves on, and each move is reported as the plan says. */
  play(api: WireApi, message: CarriedMessage, plan: ReceiptPlan): void
  /** Resolves when everything planned so far has been posted or given up. */
  idle(): Promise<void>
  stop(): Promise<void>
}

export function makeReceiptSender(parts: {
  readonly clock: Clock
  readonly log: Log
  /** Between two moves of a message, in milliseconds. */
  readonly receiptDelayMs: number
}): ReceiptSender {
  const { clock, log } = parts
  const stopping = new AbortController()
  const running = new Set<Promise<void>>()

  async function play(api: WireApi, message: CarriedMessage, plan: ReceiptPlan): Promise<void> {
    const receipts: (Receipt | undefined)[] = []
    const { callbackUrl } = message
    for (const status of statusesOf(plan)) {
      await clock.sleep(parts.receiptDelayMs, stopping.signal)
      message.status = status
      if (callbackUrl === undefined) continue
      const receipt = api.receiptOf(message, callbackUrl)
      if (plan.order === 'reversed') receipts.unshift(receipt)
      else for (let time = 0; time < plan.times; time++) await post(api, callbackUrl, receipt)
    }
    if (callbackUrl === undefined) return
    for (const receipt of receipts) await post(api, callbackUrl, receipt)
  }

  async function post(api: WireApi, url: string, receipt: Receipt | undefined): Promise<void> {
    if (receipt === undefined) return
    for (let tries = 1; tries <= api.receiptTriesMax && !stopping.signal.aborted; tries++) {
      try {
        const signal = AbortSignal.any([stopping.signal, AbortSignal.timeout(postTimeoutMs)])
        const answer = await request(url, { method: 'POST', headers: receipt.headers, body: receipt.body, signal })
        await answer.body.dump()
        if (answer.statusCode < 300) return
        log.debug('simulator.receipt_refused', { provider: api.provider, status: answer.statusCode })
      } catch (error) {
        log.debug('simulator.receipt_failed', { provider: api.provider, ...errorFields(error) })
      }
      if (tries < api.receiptTriesMax) await clock.sleep(retryDelayMs, stopping.signal)
    }
  }

  return {
    play(api, message, plan) {
      const work: Promise<void> = play(api, message, plan).finally(() => running.delete(work))
      running.add(work)
    },
    async idle() {
      await Promise.all(running)
    },
    async stop() {
      stopping.abort()
      await Promise.all(running)
    },
  }
}

function statusesOf(plan: ReceiptPlan): CarriedStatus[] {
  return plan.end === 'none' ? [] : ['sent', plan.end]
}
