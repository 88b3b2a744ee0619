import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeSealer, type SealedPlace } from './seal.ts'

const oldKey = new Uint8Array(32).fill(1)
const newKey = new Uint8Array(32).fill(2)
const place: SealedPlace = { table: 'provider_accounts', organizationId: 1, record: 'main', field: 'auth_token' }

test('what was sealed opens in its place, and never looks the same twice', () => {
  const sealer = makeSealer([oldKey])
  const first = sealer.seal(place, 'sécret')
  assert.equal(sealer.open(place, first), 'sécret')
  assert.notEqual(sealer.seal(place, 'sécret'), first)
  assert.ok(!first.includes('cret'))
})

test('a secret moved to another organization, record or field does not open', () => {
  const sealer = makeSealer([oldKey])
  const sealed = sealer.seal(place, 'secret')
  for (const other of [{ organizationId: 2 }, { record: 'other' }, { field: 'api_key' }])
    assert.throws(() => sealer.open({ ...place, ...other }, sealed), /cannot be opened/)
})

test('while keys rotate, the new one seals and both open', () => {
  const sealed = makeSealer([oldKey]).seal(place, 'secret')
  const both = makeSealer([newKey, oldKey])
  assert.equal(both.open(place, sealed), 'secret')
  assert.equal(makeSealer([newKey]).open(place, both.seal(place, 'secret')), 'secret')
  assert.throws(() => makeSealer([newKey]).open(place, sealed), /TEXTBRIDGE_SECRET_KEY/)
})

test('a sealed secret that was tampered with does not open', () => {
  const sealer = makeSealer([oldKey])
  const sealed = sealer.seal(place, 'secret')
  for (const broken of [`${sealed.slice(0, -2)}AA`, sealed.slice(0, 20), 'v2.x.y', ''])
    assert.throws(() => sealer.open(place, broken), /cannot be opened/)
})
