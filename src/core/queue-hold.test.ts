import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { type QueueFacts, reasonToHold, standstillMsMax } from './queue-hold.ts'

const now = 1_790_000_000_000
const facts: QueueFacts = { beatAt: now - 10_000, witness: 'agrees', waits: true }
const hour = 3_600_000

suite('a queue is held, or not', () => {
  const rows: readonly [what: string, facts: Partial<QueueFacts>, reason: RegExp | undefined][] = [
    ['one that is worked on goes on', {}, undefined],
    ['one that a process last beat on an hour ago goes on', { beatAt: now - standstillMsMax }, undefined],
    ['one that stood still longer is held', { beatAt: now - standstillMsMax - 1 }, /for 1 h: the service stood still/],
    ['a standstill is told in days when it took days', { beatAt: now - 71 * hour }, /for 2 days:/],
    ['one that stood still with nothing waiting goes on', { beatAt: 0, waits: false }, undefined],
    ['one that is behind is held', { witness: 'has counted more' }, /older than the service has seen it/],
    ['one that is behind is held with nothing waiting', { witness: 'has counted more', waits: false }, /put back/],
    ['one without its file is held', { witness: 'absent', waits: false }, /\.mark .* is missing/],
    ['a new one goes on', { beatAt: undefined, waits: false }, undefined],
    [
      'a new one goes on beside the file of an older one',
      { beatAt: undefined, witness: 'has counted more', waits: false },
      undefined,
    ],
    ['one of a version without beats goes on', { beatAt: undefined }, undefined],
    [
      'one of a version without beats that was put back is held',
      { beatAt: undefined, witness: 'has counted more' },
      /put back/,
    ],
    ['a clock that was set back holds nothing', { beatAt: now + 5 * hour }, undefined],
  ]
  for (const [what, given, reason] of rows)
    test(what, () => {
      const found = reasonToHold({ ...facts, ...given }, { now })
      if (reason === undefined) assert.equal(found, undefined)
      else assert.match(found ?? '', reason)
    })

  test('the time that counts as a standstill can be set', () => {
    assert.ok(reasonToHold(facts, { now, standstillMs: 9_999 }))
    assert.equal(reasonToHold(facts, { now, standstillMs: 10_000 }), undefined)
  })
})
