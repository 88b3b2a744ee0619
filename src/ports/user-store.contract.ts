import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { buildRoute, freshName, now } from '../../test/support/store-builders.ts'
import type { AuditAction, AuditEntry } from '../core/audit.ts'
import { SmsError } from '../core/errors.ts'
import { type SignInLink, sessionsPerUserMax } from '../core/session.ts'
import { nameKeyOf, type User } from '../core/user.ts'
import type { Store } from './store.ts'

const hour = 60 * 60_000

/** What every engine promises about users, sessions and links. `open` gives an empty store. */
export function userContract(engine: string, open: () => Promise<Store>): void {
  suite(`user contract on ${engine}`, () => {
    let store: Store
    before(async () => {
      store = await open()
    })
    after(() => store.close())

    const entry = (user: User, action: AuditAction = 'user.created'): AuditEntry => ({
      organizationId: user.organizationId,
      occurredAt: now,
      actor: 'the command line',
      action,
      subject: `user ${user.id}`,
      data: {},
    })

    async function freshOrganization(): Promise<{ readonly id: number; readonly name: string }> {
      return (await buildRoute(store)).organization
    }

    async function addUser(organizationId: number, more: Partial<User> = {}): Promise<User> {
      const times = { createdAt: now, updatedAt: now }
      const fresh = { organizationId, name: freshName('Ann'), role: 'owner', passwordHash: 'h1', ...times } as const
      return store.users.create({ ...fresh, ...more }, (made) => entry(made))
    }

    function sessionOf({ id: userId, organizationId }: User, hash: string, createdAt = now) {
      return { hash, userId, organizationId, createdAt, lastSeenAt: createdAt, expiresAt: createdAt + hour }
    }

    async function addLink(organizationId: number, hash: string, more: Partial<SignInLink> = {}): Promise<void> {
      const link = { hash, organizationId, setsPassword: false, createdAt: now, expiresAt: now + hour, ...more }
      await store.sessions.addLink(link, { ...entry({ ...nobody, organizationId }, 'user.link_made') })
    }

    const actionsOf = async (organizationId: number) =>
      (await store.audit.list(organizationId, { limit: 20 })).map(({ action }) => action)

    test('nobody is there before the first user is made', async () => {
      assert.equal(await store.users.hasAny(), false)
      const { id } = await freshOrganization()
      await addUser(id)
      assert.equal(await store.users.hasAny(), true)
    })

    test('users are kept whole, listed and found for their organization alone', async () => {
      const [ours, theirs] = [await freshOrganization(), await freshOrganization()]
      const ann = await addUser(ours.id, { name: 'Ann@Example.com', lastSignedInAt: now })
      const { passwordHash: _none, ...ben } = await addUser(ours.id, { role: 'viewer' })
      await store.users.change(ours.id, ben.id, () => ben, { audit: () => undefined })
      assert.deepEqual(await store.users.list(ours.id), [ann, ben])
      assert.deepEqual(await store.users.find(ours.id, ann.id), ann)
      assert.equal(await store.users.find(theirs.id, ann.id), undefined)
      assert.deepEqual(await store.users.list(theirs.id), [])
    })

    test('a name is one whatever its case, in each organization for itself', async () => {
      const [ours, theirs] = [await freshOrganization(), await freshOrganization()]
      const name = freshName('Zoë')
      const one = await addUser(ours.id, { name })
      await assert.rejects(() => addUser(ours.id, { name: name.toUpperCase() }), { code: 'conflict' })
      const ben = await addUser(ours.id)
      const rename = store.users.change(ours.id, ben.id, (user) => ({ ...user, name }), { audit: () => undefined })
      await assert.rejects(rename, { code: 'conflict' })
      const other = await addUser(theirs.id, { name: name.toLowerCase() })
      const nameKey = nameKeyOf(name)
      assert.deepEqual(await store.users.findByName({ nameKey, limit: 5 }), [one, other])
      assert.deepEqual(await store.users.findByName({ nameKey, limit: 1 }), [one])
      assert.deepEqual(await store.users.findByName({ nameKey, organization: theirs.name, limit: 5 }), [other])
      assert.deepEqual(await store.users.findByName({ nameKey, organization: 'nobody', limit: 5 }), [])
    })

    test('a change and its entry are written together, and it is told how many other owners there are', async () => {
      const { id } = await freshOrganization()
      const ann = await addUser(id)
      const change = (user: User, expected: number) =>
        store.users.change(
          id,
          user.id,
          (present, { otherOwners }) => {
            assert.equal(otherOwners, expected)
            return { ...present, role: 'viewer' }
          },
          { audit: (_before, after) => entry(after, 'user.changed') },
        )
      const refused = store.users.change(id, ann.id, (user) => ({ ...user, role: 'viewer' }), {
        audit: () => {
          throw new SmsError('conflict', 'no entry')
        },
      })
      await assert.rejects(refused, /no entry/)
      const ben = await addUser(id)
      assert.equal((await change(ben, 1)).role, 'viewer')
      assert.equal((await change(ann, 0)).role, 'viewer')
      assert.deepEqual((await actionsOf(id)).slice(0, 2), ['user.changed', 'user.changed'])
      const theirs = await freshOrganization()
      const foreign = store.users.change(theirs.id, ann.id, (user) => user, { audit: () => undefined })
      await assert.rejects(foreign, { code: 'not_found' })
    })

    test('of two owners who step down at once, one stays', async () => {
      const { id } = await freshOrganization()
      const owners = [await addUser(id), await addUser(id)]
      const results = await Promise.allSettled(
        owners.map((owner) =>
          store.users.change(
            id,
            owner.id,
            (present, { otherOwners }) => {
              if (otherOwners === 0) throw new SmsError('conflict', 'the last one')
              return { ...present, role: 'viewer' }
            },
            { audit: () => undefined },
          ),
        ),
      )
      assert.deepEqual(results.map(({ status }) => status).sort(), ['fulfilled', 'rejected'])
    })

    test('a removed user is gone with all sessions and links, unless that is refused', async () => {
      const [{ id }, theirs] = [await freshOrganization(), await freshOrganization()]
      const ann = await addUser(id)
      await store.sessions.open(sessionOf(ann, `removed ${id}`), 'h1')
      await addLink(id, `removed link ${id}`, { userId: ann.id })
      const remove = (organizationId: number, judge: () => void = () => undefined) =>
        store.users.remove(organizationId, ann.id, { judge, audit: (removed) => entry(removed, 'user.removed') })
      const refuse = () => {
        throw new SmsError('conflict', 'stay')
      }
      await assert.rejects(() => remove(id, refuse), /stay/)
      await assert.rejects(() => remove(theirs.id), { code: 'not_found' })
      assert.ok(await store.sessions.find(`removed ${id}`))
      await remove(id)
      assert.equal(await store.sessions.find(`removed ${id}`), undefined)
      assert.equal(await store.sessions.findLink(`removed link ${id}`), undefined)
      assert.equal((await actionsOf(id))[0], 'user.removed')
      assert.notEqual((await addUser(id)).id, ann.id, 'a number in the audit log is that of one person for ever')
    })

    test('a session begins with the password that was verified, and not after that has changed', async () => {
      const { id } = await freshOrganization()
      const ann = await addUser(id)
      const session = sessionOf(ann, `open ${id}`, now + 5)
      assert.equal(await store.sessions.open(session, 'h0'), false)
      assert.equal(await store.sessions.open(session, 'h1'), true)
      assert.deepEqual(await store.sessions.find(session.hash), {
        session,
        user: { ...ann, lastSignedInAt: now + 5 },
      })
      await store.sessions.touch(session.hash, now + 60)
      await store.sessions.touch(session.hash, now + 50)
      assert.equal((await store.sessions.find(session.hash))?.session.lastSeenAt, now + 60)
      await store.sessions.close(session.hash)
      assert.equal(await store.sessions.find(session.hash), undefined)
    })

    test('a new password ends all sessions but the one that set it, and all links; another role ends none', async () => {
      const { id } = await freshOrganization()
      const [ann, ben] = [await addUser(id), await addUser(id)]
      for (const hash of ['one', 'two']) await store.sessions.open(sessionOf(ann, `${hash} ${id}`), 'h1')
      await store.sessions.open(sessionOf(ben, `ben ${id}`), 'h1')
      await addLink(id, `link ${id}`, { userId: ann.id })
      const isThere = async (hash: string) => (await store.sessions.find(`${hash} ${id}`)) !== undefined
      const change = (change: (user: User) => User) =>
        store.users.change(id, ann.id, change, { audit: () => undefined, keepsSession: `two ${id}` })
      await change((user) => ({ ...user, role: 'operator' }))
      assert.deepEqual([await isThere('one'), await isThere('two')], [true, true])
      assert.equal((await store.sessions.find(`one ${id}`))?.user.role, 'operator')
      await change((user) => ({ ...user, passwordHash: 'h2' }))
      assert.deepEqual([await isThere('one'), await isThere('two'), await isThere('ben')], [false, true, true])
      assert.equal(await store.sessions.findLink(`link ${id}`), undefined)
      const theirs = await freshOrganization()
      assert.equal(await store.sessions.closeAll({ organizationId: theirs.id, userId: ann.id }), 0)
      assert.equal(await store.sessions.closeAll({ organizationId: id, userId: ann.id }), 1)
      assert.deepEqual([await isThere('two'), await isThere('ben')], [false, true])
    })

    test('sessions that have expired go when another begins, and of many of one user the oldest', async () => {
      const { id } = await freshOrganization()
      const ann = await addUser(id)
      const hashes = Array.from({ length: sessionsPerUserMax + 1 }, (_, index) => `many ${id} ${index}`)
      for (const [index, hash] of hashes.entries()) await store.sessions.open(sessionOf(ann, hash, now + index), 'h1')
      const kept = await Promise.all(hashes.map(async (hash) => (await store.sessions.find(hash)) !== undefined))
      assert.deepEqual(
        kept,
        hashes.map((_, index) => index > 0),
      )
      const ben = await addUser(id)
      await store.sessions.open(sessionOf(ben, `later ${id}`, now + hour + 1), 'h1')
      assert.equal(await store.sessions.find(`many ${id} 1`), undefined)
      assert.ok(await store.sessions.find(`many ${id} 2`))
    })

    test('a link lets its user in once, before it expires, also of many at once', async () => {
      const { id } = await freshOrganization()
      const ann = await addUser(id)
      const link = { userId: ann.id, setsPassword: true }
      await addLink(id, `once ${id}`, link)
      assert.deepEqual(await store.sessions.findLink(`once ${id}`), {
        ...link,
        hash: `once ${id}`,
        organizationId: id,
        createdAt: now,
        expiresAt: now + hour,
      })
      const redeem = (hash: string, at: number, session: string) => {
        const { userId: _1, organizationId: _2, ...begun } = sessionOf(ann, `${session} ${id}`, at)
        return store.sessions.redeem({ hash: `${hash} ${id}`, now: at, session: begun, audit: () => undefined })
      }
      const at = now + 10
      const results = await Promise.all(['a', 'b', 'c', 'd'].map((session) => redeem('once', at, session)))
      assert.deepEqual(
        results.filter((user) => user !== undefined),
        [{ ...ann, lastSignedInAt: at }],
      )
      await addLink(id, `late ${id}`, link)
      assert.equal(await redeem('late', now + hour, 'late'), undefined)
      assert.equal(await store.sessions.find(`late ${id}`), undefined)
      await addLink(id, `next ${id}`, { ...link, createdAt: now + hour })
      assert.equal(await store.sessions.findLink(`late ${id}`), undefined, 'it has expired')
    })

    test('a password that comes with a link ends what was begun before', async () => {
      const { id } = await freshOrganization()
      const ann = await addUser(id)
      await store.sessions.open(sessionOf(ann, `old ${id}`), 'h1')
      for (const hash of ['used', 'unused']) await addLink(id, `${hash} ${id}`, { userId: ann.id })
      const { userId: _1, organizationId: _2, ...session } = sessionOf(ann, `new ${id}`)
      const user = await store.sessions.redeem({
        hash: `used ${id}`,
        now: now + 1,
        session,
        passwordHash: 'h2',
        audit: (one) => entry(one, 'user.password_set'),
      })
      assert.deepEqual(user, { ...ann, passwordHash: 'h2', updatedAt: now + 1, lastSignedInAt: now + 1 })
      assert.equal(await store.sessions.find(`old ${id}`), undefined)
      assert.equal(await store.sessions.findLink(`unused ${id}`), undefined)
      assert.deepEqual((await store.sessions.find(`new ${id}`))?.user, user)
      assert.equal((await actionsOf(id))[0], 'user.password_set')
    })

    test('of several links one makes the first owner, and none does where somebody is there', async () => {
      const { id } = await freshOrganization()
      const links = ['a', 'b', 'c']
      for (const hash of links) await addLink(id, `${hash} ${id}`)
      const redeem = (hash: string) =>
        store.sessions.redeem({
          hash: `${hash} ${id}`,
          now,
          session: { hash: `${hash} ${id}`, createdAt: now, lastSeenAt: now, expiresAt: now + hour },
          firstOwner: { name: hash, role: 'owner', passwordHash: 'h1', createdAt: now, updatedAt: now },
          passwordHash: 'h1',
          audit: (one) => entry(one),
        })
      const results = await Promise.allSettled(links.map(redeem))
      assert.deepEqual(results.map(({ status }) => status).sort(), ['fulfilled', 'rejected', 'rejected'])
      const [owner, ...others] = await store.users.list(id)
      assert.deepEqual([owner?.role, owner?.lastSignedInAt, others], ['owner', now, []])
      await addLink(id, `d ${id}`)
      await assert.rejects(() => redeem('d'), { code: 'conflict' })
    })
  })
}

const nobody: User = { id: 0, organizationId: 0, name: '', role: 'viewer', createdAt: now, updatedAt: now }
