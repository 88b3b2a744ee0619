import { readFileSync } from 'node:fs'
import { processOutput } from './cli/output.ts'
import { runProgram } from './cli/program.ts'
import { readEnv } from './config/env.ts'

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }

/** A terminal sends one to a whole group of processes, and a wrapper among them hands it on: that is still one. */
const oneSignalMs = 500

const stopped = new Promise<void>((resolve) => {
  let askedAtMs: number | undefined
  const stop = () => {
    askedAtMs ??= performance.now()
    // A second signal means it: whoever sends it does not want to wait for provider calls.
    if (performance.now() - askedAtMs > oneSignalMs) process.exit(1)
    resolve()
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
})

process.exitCode = await runProgram(process.argv.slice(2), {
  env: readEnv(),
  output: processOutput,
  version,
  stopped,
})
// The signal handlers keep nothing alive, but a connection that a caller left open might.
process.exit()
