import assert from 'node:assert/strict'
import { copyFileSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, suite, test } from 'node:test'
import { insertMessage, waitingMessage } from '../../../test/support/waiting-message.ts'
import { queueStateContract } from '../../ports/queue-state.contract.ts'
import { makeAudit } from './audit.ts'
import { openDatabase } from './database.ts'
import { makeQueueState } from './queue-state.ts'

const folder = mkdtempSync(join(tmpdir(), 'textbridge-'))
after(() => rmSync(folder, { recursive: true }))
const now = 1_790_000_000_000

function openAt(path: string) {
  const database = openDatabase({ path, metrics: { commit: () => undefined } })
  const queueState = makeQueueState(database, path)
  return {
    queueState,
    audit: makeAudit(database),
    wakeUps: database.wakeUps,
    wait: async (message: Parameters<typeof waitingMessage>[0]) => {
      const columns = waitingMessage(message)
      const marks = Object.keys(columns).map(() => '?')
      await database.transaction(() => database.run(insertMessage(columns, marks), ...Object.values(columns)))
    },
    /** As a killed process leaves it. */
    leave: () => database.close(),
    async close() {
      await queueState.close()
      await database.close()
    },
  }
}

/** A copy as `VACUUM INTO` makes it of a database that is in use. */
function backUp(path: string): { putBack(to?: string): void } {
  const copy = `${path}.${Math.random()}.backup`
  const sqlite = new DatabaseSync(path)
  sqlite.prepare('VACUUM INTO ?').run(copy)
  sqlite.close()
  return {
    putBack(to = path) {
      for (const end of ['', '-wal', '-shm']) rmSync(`${to}${end}`, { force: true })
      copyFileSync(copy, to)
    },
  }
}

let made = 0
const freshPath = () => join(folder, `${++made}.db`)

queueStateContract('sqlite', async () => openAt(':memory:'))

suite('a copy of a SQLite database that is put back', () => {
  test('is held, with nothing waiting in it too, and goes on when a person said so', async () => {
    const path = freshPath()
    const first = openAt(path)
    for (let beat = 0; beat < 3; beat++) await first.queueState.beat({ now })
    const backup = backUp(path)
    await first.queueState.beat({ now })
    await first.leave()
    backup.putBack()
    const second = openAt(path)
    assert.match((await second.queueState.beat({ now }))?.reason ?? '', /a backup was put back/)
    await second.queueState.resume({
      now,
      audit: { organizationId: 1, occurredAt: now, actor: 'me', action: 'queue.resumed', subject: 'queue', data: {} },
    })
    assert.equal(await second.queueState.beat({ now }), undefined)
    await second.close()
    const third = openAt(path)
    assert.equal(await third.queueState.beat({ now }), undefined)
    await third.close()
  })

  test('is held when it was made a moment before a clean stop', async () => {
    const path = freshPath()
    const first = openAt(path)
    await first.queueState.beat({ now })
    const backup = backUp(path)
    await first.close()
    backup.putBack()
    const second = openAt(path)
    assert.ok(await second.queueState.beat({ now }))
    await second.close()
  })

  test('is held on a machine that never had it', async () => {
    const path = freshPath()
    const first = openAt(path)
    for (let beat = 0; beat < 3; beat++) await first.queueState.beat({ now })
    const backup = backUp(path)
    await first.close()
    const elsewhere = freshPath()
    backup.putBack(elsewhere)
    const second = openAt(elsewhere)
    assert.match((await second.queueState.beat({ now }))?.reason ?? '', /\.mark at the end of its name, is missing/)
    await second.close()
  })

  test('is not held when it was made of a stopped one, with its file', async () => {
    const [path, elsewhere] = [freshPath(), freshPath()]
    const first = openAt(path)
    await first.queueState.beat({ now })
    await first.close()
    backUp(path).putBack(elsewhere)
    copyFileSync(`${path}.mark`, `${elsewhere}.mark`)
    const second = openAt(elsewhere)
    assert.equal(await second.queueState.beat({ now }), undefined)
    await second.close()
  })
})

test('a process killed at any moment leaves a database that is not held', async () => {
  const path = freshPath()
  const first = openAt(path)
  await first.queueState.beat({ now })
  await first.leave()
  // Between its first beat and the file; then between a later beat and the file.
  for (const restore of [() => rmSync(`${path}.mark`), () => undefined]) {
    restore()
    const next = openAt(path)
    assert.equal(await next.queueState.beat({ now }), undefined)
    const mark = readFileSync(`${path}.mark`)
    await next.queueState.beat({ now })
    await next.leave()
    assert.notDeepEqual(readFileSync(`${path}.mark`), mark)
  }
})

test('a new database beside the file of an older one is not held; one of a version without beats is, with something waiting', async () => {
  const path = freshPath()
  const first = openAt(path)
  for (let beat = 0; beat < 3; beat++) await first.queueState.beat({ now })
  await first.close()
  for (const waits of [false, true]) {
    for (const end of ['', '-wal', '-shm']) rmSync(`${path}${end}`, { force: true })
    const next = openAt(path)
    if (waits) await next.wait({ status: 'queued' })
    assert.equal((await next.queueState.beat({ now })) !== undefined, waits)
    await next.close()
  }
})

test('the file beside the database is for its owner only, and a command that never beats leaves none', async () => {
  const [path, untouched] = [freshPath(), freshPath()]
  const opened = openAt(path)
  await opened.queueState.beat({ now })
  await opened.close()
  assert.equal(statSync(`${path}.mark`).mode & 0o777, 0o600)
  await openAt(untouched).close()
  assert.throws(() => statSync(`${untouched}.mark`), { code: 'ENOENT' })
})
