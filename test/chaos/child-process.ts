import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'

export type Child = {
  readonly port: number
  /** Puts a question; resolves with the number of this name in the answer. */
  ask(name: string, question?: object): Promise<number>
  signal(signal: NodeJS.Signals): void
  /** Its exit code; null when a signal ended it. */
  readonly ended: Promise<number | null>
}

const answerMsMax = 60_000
const outputShownMax = 4_000

/** Starts a process that says where it listens and answers questions. What it prints goes to `outputFile`. */
export async function startChild(params: {
  readonly script: URL
  readonly args: readonly string[]
  readonly nodeArgs?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly outputFile: string
}): Promise<Child> {
  const output = openSync(params.outputFile, 'a')
  const child = fork(params.script, params.args, {
    execArgv: [...(params.nodeArgs ?? [])],
    env: { PATH: process.env.PATH, ...params.env },
    stdio: ['ignore', output, output, 'ipc'],
  })
  closeSync(output)
  let lastAnswer: Promise<unknown> = Promise.resolve()
  const ended = once(child, 'exit').then(([code]) => (typeof code === 'number' ? code : null))
  const port = await numberFrom(child, 'port').catch((cause: unknown) => {
    throw new Error(readFileSync(params.outputFile, 'utf8').slice(-outputShownMax), { cause })
  })
  return {
    port,
    ask(name, question = {}) {
      // Answers do not say to which question: one at a time.
      const answer = lastAnswer.then(() => {
        child.send(question)
        return numberFrom(child, name)
      })
      lastAnswer = answer.catch(() => undefined)
      return answer
    },
    signal: (signal) => void child.kill(signal),
    ended,
  }
}

async function numberFrom(child: ChildProcess, name: string): Promise<number> {
  const over = new AbortController()
  try {
    const [message] = await Promise.race([
      once(child, 'message', { signal: over.signal }),
      once(child, 'exit', { signal: over.signal }).then(([code, signal]) => {
        throw new Error(`${child.spawnargs.join(' ')} ended with ${code ?? signal}`)
      }),
      pause(answerMsMax, undefined, { signal: over.signal, ref: false }).then(() => {
        throw new Error(`${child.spawnargs.join(' ')} does not answer`)
      }),
    ])
    const value: unknown = Reflect.get(Object(message), name)
    if (typeof value !== 'number') throw new Error(`no number called ${name} in ${JSON.stringify(message)}`)
    return value
  } finally {
    over.abort()
  }
}
