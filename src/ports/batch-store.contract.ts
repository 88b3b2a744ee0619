import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { buildRoute, now } from '../../test/support/store-builders.ts'
import type { Store } from './store.ts'

/** What every engine promises about the idempotency keys of batches. */
export function batchContract(engine: string, open: () => Promise<Store>): void {
  suite(`batch contract on ${engine}`, () => {
    let store: Store
    before(async () => {
      store = await open()
    })
    after(() => store.close())

    async function freshTake() {
      const { organization } = await buildRoute(store)
      return (requestHash: string, at = now, key = 'one') =>
        store.batches.takeKey({ organizationId: organization.id, key, requestHash, now: at, forgetBefore: at - 1_000 })
    }

    test('a key is taken once; afterwards the same request is told from others', async () => {
      const take = await freshTake()
      assert.deepEqual([await take('a'), await take('a'), await take('b')], ['taken', 'same', 'other'])
      assert.equal(await take('b', now, 'two'), 'taken')
    })

    test('of many at once one takes the key', async () => {
      const take = await freshTake()
      const answers = await Promise.all(Array.from({ length: 20 }, () => take('a')))
      assert.deepEqual(answers.sort(), [...Array.from({ length: 19 }, () => 'same'), 'taken'])
    })

    test('a key that is old enough is free again', async () => {
      const take = await freshTake()
      await take('a')
      assert.deepEqual([await take('b', now + 1_000), await take('b', now + 1_001)], ['other', 'taken'])
      assert.deepEqual([await take('b', now + 1_002), await take('a', now + 1_002)], ['same', 'other'])
    })

    test('organizations have keys of their own', async () => {
      const [ours, theirs] = [await freshTake(), await freshTake()]
      assert.deepEqual([await ours('a'), await theirs('b')], ['taken', 'taken'])
    })
  })
}
