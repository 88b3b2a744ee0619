import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { buildRoute, now } from '../../test/support/store-builders.ts'
import type { AuditEntry } from '../core/audit.ts'
import { SmsError } from '../core/errors.ts'
import type { Store } from './store.ts'

/** What every engine promises about the audit log. `open` gives an empty store. */
export function auditContract(engine: string, open: () => Promise<Store>): void {
  suite(`audit contract on ${engine}`, () => {
    let store: Store
    before(async () => {
      store = await open()
    })
    after(() => store.close())

    const entryOf = (organizationId: number, subject: string): AuditEntry => ({
      organizationId,
      occurredAt: now,
      actor: 'API key 1 (ops)',
      action: 'paused',
      subject,
      data: { reason: 'a "quoted" reason', nested: { list: [1, null] } },
    })

    test('entries are kept whole, and listed page by page with the newest first, each organization its own', async () => {
      const { organization } = await buildRoute(store)
      const other = (await buildRoute(store)).organization
      for (const subject of ['one', 'two', 'three']) await store.audit.append(entryOf(organization.id, subject))
      await store.audit.append(entryOf(other.id, 'theirs'))
      const first = await store.audit.list(organization.id, { limit: 2 })
      const last = first.at(-1)
      assert.ok(last !== undefined)
      const second = await store.audit.list(organization.id, { limit: 2, before: last.key })
      assert.deepEqual(
        [...first, ...second].map(({ key: _key, ...entry }) => entry),
        ['three', 'two', 'one'].map((subject) => entryOf(organization.id, subject)),
      )
      assert.deepEqual(
        (await store.audit.list(other.id, { limit: 10 })).map(({ subject }) => subject),
        ['theirs'],
      )
    })

    test('a change and its entry are written together, or neither', async () => {
      const { organization, assistant, sender, account } = await buildRoute(store)
      const organizationId = organization.id
      const audit = (subject: string) => (before: { pausedAt?: number }, after: { pausedAt?: number }) => ({
        ...entryOf(organizationId, subject),
        data: { before: before.pausedAt ?? null, after: after.pausedAt ?? null },
      })
      const pausedAt = now + 1
      await store.organizations.change(organizationId, (one) => ({ ...one, pausedAt }), audit('organization'))
      await store.assistants.change(organizationId, assistant.id, (one) => ({ ...one, pausedAt }), audit('assistant'))
      await store.senders.change(organizationId, sender.id, (one) => ({ ...one, pausedAt }), audit('number'))
      await store.accounts.change(organizationId, account.id, (one) => ({ ...one, pausedAt }), audit('account'))
      const apiKey = await store.apiKeys.create(
        {
          organizationId,
          name: 'k',
          prefix: 'tb_live',
          hash: `hash of ${organizationId}`,
          scopes: ['read'],
          createdAt: now,
          updatedAt: now,
        },
        (made) => ({ ...entryOf(organizationId, 'key'), data: { id: made.id } }),
      )
      const data = { before: null, after: pausedAt }
      const entries = await store.audit.list(organizationId, { limit: 10 })
      assert.deepEqual(
        entries.map((entry) => [entry.subject, entry.data]),
        [['key', { id: apiKey.id }], ...['account', 'number', 'assistant', 'organization'].map((one) => [one, data])],
      )
      const failing = store.assistants.change(
        organizationId,
        assistant.id,
        (one) => ({ ...one, name: 'never' }),
        () => {
          throw new SmsError('conflict', 'no entry')
        },
      )
      await assert.rejects(failing, /no entry/)
      assert.equal((await store.assistants.find(organizationId, assistant.id))?.name, assistant.name)
      await store.assistants.change(
        organizationId,
        assistant.id,
        (one) => one,
        () => undefined,
      )
      assert.equal((await store.audit.list(organizationId, { limit: 10 })).length, entries.length)
    })
  })
}
