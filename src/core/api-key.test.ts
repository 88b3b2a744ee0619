import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { apiKeyPrefix, makeApiKey, mayBeApiKey } from './api-key.ts'

const key = makeApiKey(new Uint8Array(8).fill(7), new Uint8Array(32).fill(9))

test('a key that was made is taken, and a list shows its id only', () => {
  assert.match(key, /^tb_live_[0-9A-Za-z]{46}$/)
  assert.ok(mayBeApiKey(key))
  assert.equal(apiKeyPrefix(key), key.slice(0, 16))
})

test('a key with one letter changed or cut is refused by its checksum', () => {
  fc.assert(
    fc.property(fc.integer({ min: 8, max: key.length - 1 }), fc.constantFrom(...'xyzXYZ0'), (index, letter) => {
      fc.pre(key[index] !== letter)
      assert.ok(!mayBeApiKey(key.slice(0, index) + letter + key.slice(index + 1)))
      assert.ok(!mayBeApiKey(key.slice(0, index)))
    }),
  )
})

test('a key that a deployment brought needs 32 characters', () => {
  assert.ok(mayBeApiKey('x'.repeat(32)))
  assert.ok(!mayBeApiKey('x'.repeat(31)))
})
