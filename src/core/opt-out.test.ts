import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findCovering, isAtLeastAsWide, type OptOut, reachOf } from './opt-out.ts'
import { parseE164 } from './phone-number.ts'

const base: OptOut = {
  organizationId: 1,
  recipient: parseE164('+12025550199'),
  source: 'keyword',
  inDoubt: false,
  createdAt: 1,
}
const reach = { assistantId: 1, senderId: 10 }

test('an opt-out covers what its scope says, also when the number has become another assistant’s', () => {
  const ofSender = { ...base, ...reachOf('sender', reach) }
  const ofAssistant = { ...base, ...reachOf('assistant', reach) }
  const whole = { ...base, ...reachOf('organization', reach) }
  assert.equal(findCovering([ofSender], { assistantId: 2, senderId: 10 }), ofSender)
  assert.equal(findCovering([ofSender], { assistantId: 1, senderId: 11 }), undefined)
  assert.equal(findCovering([ofAssistant], { assistantId: 1, senderId: 11 }), ofAssistant)
  assert.equal(findCovering([ofAssistant], { assistantId: 2, senderId: 10 }), undefined)
  assert.equal(findCovering([whole], { assistantId: 2, senderId: 11 }), whole)
})

test('a certain opt-out goes before one in doubt', () => {
  const doubt = { ...base, inDoubt: true }
  const certain = { ...base, senderId: 10 }
  assert.equal(findCovering([doubt, certain], reach), certain)
  assert.equal(findCovering([doubt], reach), doubt)
})

test('only an opt-out of the same reach, or of the whole organization, makes another one needless', () => {
  assert.equal(isAtLeastAsWide(base, reachOf('organization', reach)), true)
  assert.equal(isAtLeastAsWide(base, reachOf('sender', reach)), true)
  assert.equal(isAtLeastAsWide({ ...base, senderId: 10 }, reachOf('sender', reach)), true)
  assert.equal(isAtLeastAsWide({ ...base, senderId: 10 }, reachOf('organization', reach)), false)
  assert.equal(isAtLeastAsWide({ ...base, senderId: 10 }, reachOf('assistant', reach)), false)
})
