import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeGroupCommit } from './group-commit.ts'

function recording() {
  const commits: number[] = []
  let undone = 0
  const group = makeGroupCommit({
    inTransaction: (work) => {
      try {
        work()
      } catch (error) {
        undone++
        throw error
      }
    },
    committed: (count) => commits.push(count),
  })
  return { group, commits, undone: () => undone }
}

test('operations of one turn share a commit and keep their own results', async () => {
  const { group, commits } = recording()
  assert.deepEqual(await Promise.all([1, 2, 3].map((number) => group.run(() => number * 2))), [2, 4, 6])
  assert.deepEqual(commits, [3])
})

test('an operation that throws fails alone', async () => {
  const { group, commits, undone } = recording()
  const results = await Promise.allSettled([
    group.run(() => 'first'),
    group.run(() => {
      throw new Error('mine')
    }),
    group.run(() => 'third'),
  ])
  assert.deepEqual(
    results.map((result) => result.status),
    ['fulfilled', 'rejected', 'fulfilled'],
  )
  assert.deepEqual(commits, [1, 1])
  assert.equal(undone(), 2)
})

test('more than a commit holds is spread over several, in order', async () => {
  const { group, commits } = recording()
  const order: number[] = []
  await Promise.all(Array.from({ length: 450 }, (_, index) => group.run(() => order.push(index))))
  assert.deepEqual(commits, [200, 200, 50])
  assert.deepEqual(
    order,
    [...order].sort((left, right) => left - right),
  )
})
