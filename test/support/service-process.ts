import { fork } from 'node:child_process'
import { once } from 'node:events'
import { attemptLeaseMs } from '../../src/core/message.ts'
import type { FailpointName } from '../../src/use-cases/failpoints.ts'

/**
 * So far ahead of a process that was killed, nobody can still be at work on what it had begun. It holds for one that ran
 * a few seconds, in which its clock ran some minutes.
 */
export const pastLeaseMs = attemptLeaseMs + 5 * 60_000

const entry = new URL('./service-entry.ts', import.meta.url)

export type FromService =
  | { readonly kind: 'listening'; readonly url: string }
  | { readonly kind: 'reached' }
  | { readonly kind: 'memory'; readonly heapBytes: number; readonly rssBytes: number }

export type ServiceProcess = {
  readonly url: string
  /** Resolves when so many sends stand still at the failpoint. */
  reached(count: number): Promise<void>
  /** What is left after garbage collection. */
  memory(): Promise<FromService & { kind: 'memory' }>
  /** As a power cut would: no handler runs. Resolves when it is gone. */
  kill(): Promise<void>
}

/** Starts `service-entry.ts` over the database of `env`. */
export async function startServiceProcess(params: {
  readonly env: Record<string, string>
  readonly failpoint?: FailpointName
  readonly aheadMs?: number
}): Promise<ServiceProcess> {
  const { env, failpoint, aheadMs = 0 } = params
  const child = fork(entry, [String(aheadMs), ...(failpoint === undefined ? [] : [failpoint])], {
    env: { PATH: process.env.PATH, ...env },
    execArgv: ['--expose-gc'],
  })
  const ended = once(child, 'exit')
  let reachedCount = 0
  let wake = (_message: FromService) => {}
  child.on('message', (message: FromService) => {
    if (message.kind === 'reached') reachedCount++
    wake(message)
  })

  /** The first message from now on for which `pick` finds something. */
  function next<T>(pick: (message: FromService) => T | undefined): Promise<T> {
    return new Promise((resolve, reject) => {
      wake = (message) => {
        const found = pick(message)
        if (found !== undefined) resolve(found)
      }
      void ended.then(([code, signal]) => reject(new Error(`the service ended: ${code ?? signal}`)))
    })
  }

  const url = await next((message) => (message.kind === 'listening' ? message.url : undefined))
  return {
    url,
    async reached(count) {
      if (reachedCount < count) await next(() => (reachedCount >= count ? true : undefined))
    },
    memory() {
      child.send('memory')
      return next((message) => (message.kind === 'memory' ? message : undefined))
    },
    async kill() {
      child.kill('SIGKILL')
      await ended
    },
  }
}
