import { type ChildProcess, fork } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** One process of the benchmark. It says once where it listens, if it does, and answers one question at a time. */
export type Child = {
  readonly port: Promise<number>
  ask(question: object): Promise<unknown>
  stop(): Promise<void>
}

const answerMsMax = 120_000

/** Its standard output goes to `outputFile`, as a service's log would; its errors to ours. */
export function startChild(params: {
  readonly script: URL
  readonly outputFile: string
  readonly args?: readonly string[]
  readonly nodeArgs?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}): Child {
  const output = openSync(params.outputFile, 'a')
  const child = fork(fileURLToPath(params.script), params.args ?? [], {
    execArgv: [...(params.nodeArgs ?? [])],
    env: { PATH: process.env.PATH, ...params.env },
    stdio: ['ignore', output, 'inherit', 'ipc'],
  })
  closeSync(output)
  const port = nextMessage(child).then(parsePort)
  // Only who asks for the port wants to hear that there is none.
  port.catch(() => undefined)
  return {
    port,
    ask(question) {
      const answer = nextMessage(child)
      child.send(question)
      return answer
    },
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return
      const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
      child.kill('SIGTERM')
      await ended
    },
  }
}

function nextMessage(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => settle(() => reject(new Error(`${child.spawnfile} does not answer`))), answerMsMax)
    const settle = (end: () => void) => {
      clearTimeout(timer)
      child.off('message', onMessage)
      child.off('exit', onExit)
      end()
    }
    const onMessage = (message: unknown) => settle(() => resolve(message))
    const onExit = (code: number | null) => settle(() => reject(new Error(`a process ended with code ${code}`)))
    child.once('message', onMessage)
    child.once('exit', onExit)
  })
}

function parsePort(message: unknown): number {
  return numberIn(message, 'port')
}

/** A number that a child sent under this name. */
export function numberIn(message: unknown, name: string): number {
  const value = typeof message === 'object' && message !== null ? Reflect.get(message, name) : undefined
  if (typeof value !== 'number') throw new Error(`no number called ${name} in ${JSON.stringify(message)}`)
  return value
}
