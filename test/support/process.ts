import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const main = new URL('../../src/main.ts', import.meta.url).pathname

export type Finished = { readonly code: number | null; readonly stdout: string; readonly stderr: string }

export type Running = {
  readonly child: ChildProcess
  /** Resolves with the first match in what it printed to either stream; throws when it ends without one. */
  printed(pattern: RegExp): Promise<RegExpExecArray>
  readonly finished: Promise<Finished>
}

/** Starts the real program. Nothing of the tester's own environment but PATH reaches it. */
export function startTextbridge(args: readonly string[], env: Record<string, string>): Running {
  return startProcess(process.execPath, [main, ...args], env)
}

export function startProcess(command: string, args: readonly string[], env: Record<string, string>): Running {
  const child = spawn(command, args, { env: { PATH: process.env.PATH, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  let [stdout, stderr] = ['', '']
  let look = () => {}
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
    look()
  })
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
    look()
  })
  const finished = new Promise<Finished>((resolve) => {
    child.on('close', (code) => resolve({ code, stdout, stderr }))
  })
  return {
    child,
    finished,
    printed: (pattern) =>
      new Promise((resolve, reject) => {
        look = () => {
          const match = pattern.exec(stdout + stderr)
          if (match !== null) resolve(match)
        }
        look()
        void finished.then(() => reject(new Error(`ended without printing ${pattern}:\n${stdout}${stderr}`)))
      }),
  }
}

export function runTextbridge(args: readonly string[], env: Record<string, string>): Promise<Finished> {
  return startTextbridge(args, env).finished
}

/** A folder that is gone after the tests. */
export function temporaryFolder(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'textbridge-'))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}
