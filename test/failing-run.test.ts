import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'

test('a run in which a test fails ends with exit code 1, whatever the set-up of the run does', () => {
  const folder = mkdtempSync(join(tmpdir(), 'textbridge-'))
  const file = join(folder, 'failing.test.mjs')
  writeFileSync(file, "import { test } from 'node:test'\ntest('fails', () => { throw new Error('as it should') })\n")
  const { NODE_TEST_CONTEXT: _ofThisRun, ...env } = process.env
  const setup = new URL('./support/global-setup.ts', import.meta.url).pathname
  try {
    const { status, stdout } = spawnSync(process.execPath, ['--test', `--test-global-setup=${setup}`, file], { env })
    assert.match(String(stdout), /as it should/)
    assert.equal(status, 1)
  } finally {
    rmSync(folder, { recursive: true })
  }
})
