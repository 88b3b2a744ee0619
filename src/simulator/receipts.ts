import type { CarriedMessage, CarriedStatus, Carrier } from './carrier.ts'
import type { ReceiptPlan } from './magic-recipients.ts'
import type { Poster } from './poster.ts'
import type { WireApi } from './wire-api.ts'

/** Plays the life of an accepted message: its status moves on, and each move is reported as the plan says. */
export type PlayReceipts = (api: WireApi, message: CarriedMessage, plan: ReceiptPlan) => Promise<void>

/** `receiptDelayMs`: between two moves of a message. */
export function makePlayReceipts(parts: {
  readonly carrier: Carrier
  readonly poster: Poster
  readonly receiptDelayMs: number
}): PlayReceipts {
  const { carrier, poster, receiptDelayMs } = parts

  return (api, message, plan) =>
    poster.run(async () => {
      if (plan.forged !== undefined) {
        await poster.wait(receiptDelayMs)
        await report(api, { ...message, status: 'delivered' }, plan)
      }
      const held: CarriedMessage[] = []
      for (const status of statusesOf(plan)) {
        await poster.wait(receiptDelayMs * plan.slowness)
        carrier.move(message, status)
        if (plan.order === 'reversed') held.unshift({ ...message })
        else for (let time = 0; time < plan.times; time++) await report(api, { ...message }, plan)
      }
      for (const moment of held) await report(api, moment, plan)
    })

  async function report(api: WireApi, message: CarriedMessage, { forged }: ReceiptPlan): Promise<void> {
    const { accountId, callbackUrl: url } = message
    const webhook = url === undefined ? undefined : api.receiptOf(message, url, forged)
    if (url === undefined || webhook === undefined) return
    const record = forged === undefined ? { accountId } : {}
    await poster.post({ ...record, provider: api.provider, url, webhook, repeats: api.repeats.receipt })
  }
}

function statusesOf(plan: ReceiptPlan): CarriedStatus[] {
  return plan.end === 'none' ? [] : ['sent', plan.end]
}
