import assert from 'node:assert/strict'
import { argon2Sync } from 'node:crypto'
import { test } from 'node:test'
import { systemRandom } from '../telemetry/random.ts'
import { makePasswords, waitingMax } from './passwords.ts'

const passwords = makePasswords({ random: systemRandom })

test('a hash says how it was made, is another one each time, and knows its password only', async () => {
  const [one, other] = [await passwords.hash('correct horse battery'), await passwords.hash('correct horse battery')]
  assert.match(one, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$[\w+/]{22}\$[\w+/]{43}$/)
  assert.notEqual(one, other)
  assert.equal(await passwords.verify('correct horse battery', one), true)
  assert.equal(await passwords.verify('correct horse batterY', one), false)
  assert.equal(await passwords.verify('correct horse battery', undefined), false)
})

test('the same letters in another form are the same password', async () => {
  const stored = await passwords.hash('Zoë and the horse')
  assert.equal(await passwords.verify('Zoe\u0308 and the horse', stored), true)
})

test('a hash that was made with other parameters is verified with those', async () => {
  const salt = Buffer.alloc(16, 7)
  const parameters = { memory: 8, passes: 1, parallelism: 1, nonce: salt, tagLength: 32 }
  const tag = argon2Sync('argon2id', { ...parameters, message: 'an older password' })
  const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64').replace(/=+$/, '')
  const stored = `$argon2id$v=19$m=8,t=1,p=1$${text(salt)}$${text(tag)}`
  assert.equal(await passwords.verify('an older password', stored), true)
  await assert.rejects(() => passwords.verify('an older password', 'md5:0'), /another form/)
})

test('two are computed at once, some wait, more are told to come back', async () => {
  const fresh = makePasswords({ random: systemRandom })
  const results = await Promise.allSettled(
    Array.from({ length: waitingMax + 5 }, (_, index) => fresh.verify(`password ${index}`, undefined)),
  )
  const refused = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []))
  assert.equal(refused.length, 3)
  for (const reason of refused) assert.deepEqual([reason.code, reason.retryAfterMs], ['overloaded', 3_000])
  assert.equal(await fresh.verify('later', undefined), false)
})
