/** At most this many operations share one transaction. */
export const operationsPerBatchMax = 100
/** Batches under way at the same time; what arrives meanwhile forms the next one. */
const batchesMax = 4

export type Batcher<I, R> = {
  /** Resolves with the item's own result when its batch is durable. */
  run(item: I): Promise<R>
}

type Waiting<I, R> = {
  readonly item: I
  readonly done: (result: R) => void
  readonly failed: (error: unknown) => void
}

/**
 * Gathers concurrent operations into transactions of many rows. `work` gives one result for each item, in their order.
 * When it throws, each item is tried alone, so that only the one at fault fails; unless `isOutage` says that the fault
 * is the database's, which all share.
 */
export function makeBatcher<I, R>(params: {
  readonly work: (items: readonly I[]) => Promise<readonly R[]>
  readonly isOutage: (error: unknown) => boolean
}): Batcher<I, R> {
  let waiting: Waiting<I, R>[] = []
  let scheduled = false
  let running = 0

  function schedule(): void {
    if (scheduled || running >= batchesMax || waiting.length === 0) return
    scheduled = true
    setImmediate(() => {
      scheduled = false
      const batch = waiting.slice(0, operationsPerBatchMax)
      waiting = waiting.slice(operationsPerBatchMax)
      running++
      void finish(batch).then(() => {
        running--
        schedule()
      })
      schedule()
    })
  }

  /** Never throws: every failure goes to the items it concerns. */
  async function finish(batch: readonly Waiting<I, R>[]): Promise<void> {
    try {
      const results = await params.work(batch.map(({ item }) => item))
      batch.forEach(({ done, failed }, index) => {
        const result = results[index]
        if (result === undefined) failed(new Error('a batch gave no result for an item'))
        else done(result)
      })
    } catch (error) {
      if (batch.length === 1 || params.isOutage(error)) for (const { failed } of batch) failed(error)
      else for (const alone of batch) await finish([alone])
    }
  }

  return {
    run: (item) =>
      new Promise((done, failed) => {
        waiting.push({ item, done, failed })
        schedule()
      }),
  }
}
