import assert from 'node:assert/strict'
import { test } from 'node:test'
import { wakeUpsContract } from '../../ports/wake-ups.contract.ts'
import { openDatabase } from './database.ts'
import { notify } from './wake-ups.ts'

const open = () => openDatabase({ path: ':memory:', metrics: { commit: () => undefined } })

wakeUpsContract('sqlite', async () => {
  const database = open()
  return {
    wakeUps: database.wakeUps,
    tell: (topic, during) =>
      database.transaction(() => {
        notify(database, topic)
        during()
      }),
    close: () => database.close(),
  }
})

test('operations that share a commit are heard of once, and not for those that were undone', async () => {
  const database = open()
  let heard = 0
  database.wakeUps.listen('queue', () => heard++)
  const tell = () => database.transaction(() => notify(database, 'queue'))
  await Promise.all([tell(), tell(), tell()])
  assert.equal(heard, 1)
  const failed = database.transaction(() => {
    notify(database, 'queue')
    throw new Error('no')
  })
  const silent = database.transaction(() => undefined)
  await assert.rejects(failed)
  await silent
  assert.equal(heard, 1)
  await database.close()
})
