import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { makeLogIds } from './log-id.ts'

const logIds = makeLogIds(new Uint8Array(32).fill(3))
const keys = fc.integer({ min: 0, max: 2 ** 52 - 1 })

test('every key has one id and every id one key', () => {
  fc.assert(
    fc.property(keys, (value) => {
      const id = logIds.idOf(value)
      assert.ok(Number.isSafeInteger(id) && id >= 0 && id < 2 ** 52)
      assert.equal(logIds.keyOf(id), value)
      assert.equal(logIds.idOf(logIds.keyOf(value) ?? -1), value)
    }),
  )
})

test('neighbouring keys are far apart, and under another secret elsewhere', () => {
  const ids = Array.from({ length: 1_000 }, (_, key) => logIds.idOf(key))
  assert.equal(new Set(ids).size, ids.length)
  const rising = ids.filter((id, index) => id > (ids[index - 1] ?? 0)).length
  assert.ok(rising > 400 && rising < 600, String(rising))
  const other = makeLogIds(new Uint8Array(32).fill(4))
  assert.ok(ids.every((id, key) => other.idOf(key) !== id))
})

test('what is no id has no key', () => {
  for (const id of [-1, 0.5, 2 ** 52, Number.NaN, Number.POSITIVE_INFINITY]) assert.equal(logIds.keyOf(id), undefined)
})
