import { type Child, startChild } from './child-process.ts'

/** One process of the service under test: the real program, with all its roles. */
export type ServiceNode = {
  readonly name: string
  readonly url: string
  /** CPU time since it was ready, in microseconds. Not while it is frozen. */
  cpuUs(): Promise<number>
  /** As a power cut would: no handler runs. */
  kill(): Promise<void>
  freeze(): void
  thaw(): void
  /** Asks it to stop. @returns its exit code. */
  terminate(): Promise<number | null>
}

const program = new URL('../../src/main.ts', import.meta.url)
const observe = new URL('../bench/observe.ts', import.meta.url)

/** Resolves when it is ready to take requests. Its port is in `env`: carriers call back there, which names the node. */
export async function startServiceNode(params: {
  readonly name: string
  readonly port: number
  readonly env: Readonly<Record<string, string>>
  readonly logFile: string
}): Promise<ServiceNode> {
  const url = `http://127.0.0.1:${params.port}`
  const child: Child = await startChild({
    script: program,
    args: ['serve'],
    nodeArgs: ['--import', observe.href],
    env: { ...params.env, TEXTBRIDGE_PORT: String(params.port), TEXTBRIDGE_PUBLIC_URL: url },
    outputFile: params.logFile,
  })
  const response = await fetch(`${url}/readyz`)
  if (!response.ok) throw new Error(`${params.name} is not ready: ${await response.text()}`)
  const atStartUs = await child.ask('cpuUs')
  return {
    name: params.name,
    url,
    cpuUs: async () => (await child.ask('cpuUs')) - atStartUs,
    async kill() {
      child.signal('SIGKILL')
      await child.ended
    },
    freeze: () => child.signal('SIGSTOP'),
    thaw: () => child.signal('SIGCONT'),
    terminate() {
      child.signal('SIGTERM')
      return child.ended
    },
  }
}
