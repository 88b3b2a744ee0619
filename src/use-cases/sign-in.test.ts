import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { manualClock } from '../../test/support/manual-clock.ts'
import { openMemoryStore } from '../../test/support/parts.ts'
import { silentLog } from '../../test/support/silent-log.ts'
import { buildRoute } from '../../test/support/store-builders.ts'
import { SmsError } from '../core/errors.ts'
import type { Store } from '../ports/store.ts'
import { systemRandom } from '../telemetry/random.ts'
import { freeFailures, makeAttemptLimits } from './attempt-limits.ts'
import type { Passwords } from './passwords.ts'
import { type SignInParts, signIn } from './sign-in.ts'

let store: Store
let organizationIds: readonly number[] = []
let verified: (string | undefined)[] = []
let meanwhile: () => Promise<unknown> = async () => undefined
let parts: SignInParts

before(async () => {
  store = await openMemoryStore()
  organizationIds = [(await buildRoute(store)).organization.id, (await buildRoute(store)).organization.id]
  const [ours = 0, theirs = 0] = organizationIds
  const add = (organizationId: number, name: string, passwordHash?: string) =>
    store.users.create(
      {
        organizationId,
        name,
        role: 'owner',
        createdAt: 1,
        updatedAt: 1,
        ...(passwordHash === undefined ? {} : { passwordHash }),
      },
      () => undefined,
    )
  await add(ours, 'Ann', 'hash of right')
  await add(ours, 'Twin', 'hash of right')
  await add(theirs, 'twin', 'hash of right')
  await add(ours, 'Invited')
})
after(() => store.close())

beforeEach(() => {
  verified = []
  meanwhile = async () => undefined
  const clock = manualClock(1_790_000_000_000)
  const passwords: Passwords = {
    hash: async (password) => `hash of ${password}`,
    async verify(password, stored) {
      verified.push(stored)
      await meanwhile()
      return stored === `hash of ${password}`
    },
  }
  parts = { store, clock, random: systemRandom, log: silentLog, passwords, attempts: makeAttemptLimits({ clock }) }
})

const enter = (name: string, password = 'right') => signIn(parts, { name, password, address: '10.0.0.1' })

test('whoever the name belongs to, or nobody, one hash is computed', async () => {
  assert.equal((await enter('ann')).user.name, 'Ann')
  for (const [name, password] of [
    ['Ann', 'wrong'],
    ['nobody', 'right'],
    ['Invited', 'right'],
    ['Twin', 'right'],
  ] as const)
    await assert.rejects(() => enter(name, password), { code: 'unauthorized' })
  assert.deepEqual(verified, ['hash of right', 'hash of right', undefined, undefined, undefined])
})

test('a password that is replaced while the old one is verified lets nobody in', async () => {
  const [user] = await store.users.findByName({ nameKey: 'ann', limit: 1 })
  assert.ok(user !== undefined)
  const replace = (passwordHash: string) =>
    store.users.change(user.organizationId, user.id, (present) => ({ ...present, passwordHash }), {
      audit: () => undefined,
    })
  meanwhile = () => replace('hash of another')
  await assert.rejects(() => enter('Ann'), { code: 'unauthorized' })
  meanwhile = async () => undefined
  assert.equal((await enter('Ann', 'another')).user.id, user.id)
  await replace('hash of right')
})

test('an overload and an outage are no attempts to guess', async () => {
  meanwhile = async () => {
    throw new SmsError('overloaded', 'later')
  }
  for (let tries = 0; tries < 3 * freeFailures.address; tries++)
    await assert.rejects(() => enter('Ann'), { code: 'overloaded' })
  meanwhile = async () => undefined
  assert.equal((await enter('Ann')).user.name, 'Ann')
})

test('guessing ends after some failures, and the right password does not help then', async () => {
  for (let tries = 0; tries < freeFailures.name; tries++)
    await assert.rejects(() => enter('Ann', `guess ${tries}`), { code: 'unauthorized' })
  await assert.rejects(() => enter('ANN '), { code: 'rate_limited', retryAfterMs: 1_000 })
  assert.equal(verified.length, freeFailures.name)
})
