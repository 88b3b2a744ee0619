/** At most this many operations share one commit. */
export const operationsPerCommitMax = 200

export type GroupCommit = {
  /** Runs `work` in a transaction shared with what else is waiting; resolves when its commit is durable. */
  run<T>(work: () => T): Promise<T>
  /** Resolves when everything handed in so far is done. */
  idle(): Promise<void>
}

type Waiting = { readonly work: () => void; readonly done: () => void; readonly failed: (error: unknown) => void }

/**
 * One wait for the disk is shared by all operations that arrive in the same turn of the event loop. When one of them
 * throws, the shared transaction is undone and each runs in a transaction of its own, so that only the
 * one at fault fails. `inTransaction` runs its argument between BEGIN and COMMIT and undoes it when it throws.
 */
export function makeGroupCommit(params: {
  readonly inTransaction: (work: () => void) => void
  readonly committed: (operationCount: number) => void
}): GroupCommit {
  let waiting: Waiting[] = []
  let scheduled = false
  let idleWaiters: (() => void)[] = []

  function schedule(): void {
    if (scheduled) return
    scheduled = true
    setImmediate(flush)
  }

  function flush(): void {
    scheduled = false
    const group = waiting.slice(0, operationsPerCommitMax)
    waiting = waiting.slice(operationsPerCommitMax)
    if (waiting.length > 0) schedule()
    commitTogether(group)
    if (waiting.length === 0) {
      for (const wake of idleWaiters) wake()
      idleWaiters = []
    }
  }

  function commitTogether(group: readonly Waiting[]): void {
    try {
      params.inTransaction(() => {
        for (const operation of group) operation.work()
      })
    } catch (error) {
      const [only] = group
      if (group.length === 1 && only !== undefined) only.failed(error)
      else for (const operation of group) commitTogether([operation])
      return
    }
    params.committed(group.length)
    for (const operation of group) operation.done()
  }

  return {
    run<T>(work: () => T): Promise<T> {
      return new Promise<T>((resolve, reject) => {
        let result: { readonly value: T } | undefined
        waiting.push({
          work: () => {
            result = { value: work() }
          },
          done: () => {
            if (result !== undefined) resolve(result.value)
          },
          failed: reject,
        })
        schedule()
      })
    },
    idle() {
      if (waiting.length === 0) return Promise.resolve()
      return new Promise((resolve) => idleWaiters.push(resolve))
    },
  }
}
