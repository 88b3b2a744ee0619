import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemRandom } from './random.ts'

test('no bytes come twice, across draws from the system', () => {
  const drawn = Array.from({ length: 2_000 }, () => Buffer.from(systemRandom.bytes(16)).toString('hex'))
  assert.equal(new Set(drawn).size, drawn.length)
  assert.ok(drawn.every((hex) => hex.length === 32 && hex !== '0'.repeat(32)))
})

test('more bytes than one draw holds come whole', () => {
  assert.equal(systemRandom.bytes(10_000).length, 10_000)
})
