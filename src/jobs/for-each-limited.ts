import { errorFields } from '../core/error-fields.ts'
import type { Log } from '../ports/log.ts'

/** Works through the items, a few at once. One that throws is logged and does not stop the others. */
export async function forEachLimited<T>(
  params: {
    readonly items: readonly T[]
    readonly atOnceMax: number
    readonly name: string
    readonly log: Log
    /** Once aborted, no further item is begun. */
    readonly stopping?: AbortSignal
  },
  work: (item: T) => Promise<void>,
): Promise<void> {
  const waiting = [...params.items]

  async function worker(): Promise<void> {
    while (!params.stopping?.aborted) {
      const item = waiting.shift()
      if (item === undefined) return
      try {
        await work(item)
      } catch (error) {
        params.log.error('job.item_failed', { job: params.name, ...errorFields(error) })
      }
    }
  }

  await Promise.all(Array.from({ length: params.atOnceMax }, worker))
}
