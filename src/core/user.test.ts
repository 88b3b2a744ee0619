import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { isLive, sessionIdleMsMax, sessionLifetimeMs } from './session.ts'
import { nameFault, nameKeyOf, passwordFault } from './user.ts'

suite('a name', () => {
  for (const [name, fault] of [
    ['Ann', undefined],
    ['ann.o\u2019neil+sms@example.com', undefined],
    ['علی\u200cرضا', undefined],
    ['👩\u200d🔧'.repeat(33), undefined],
    ['a'.repeat(100), undefined],
    ['a'.repeat(101), /at most 100 characters/],
    ['', /must not be blank/],
    [' \u3000 ', /must not be blank/],
    ['Ann\nroot', /nobody can see/],
    ['Ann\u0000', /nobody can see/],
    ['nna\u202e', /nobody can see/],
    ['A\u2066nn', /nobody can see/],
    ['An\u200bn', /nobody can see/],
    ['\ufeffAnn', /nobody can see/],
    ['Ann\u2028', /nobody can see/],
  ] as const)
    test(`${JSON.stringify(name.slice(0, 20))} ${fault === undefined ? 'is one' : `is refused: ${fault.source}`}`, () => {
      if (fault === undefined) assert.equal(nameFault(name), undefined)
      else assert.match(nameFault(name) ?? '', fault)
    })

  test('is the same in any case, form of its letters and spaces around it', () => {
    const keys = ['Zoë@Example.com', 'zoe\u0308@example.COM', '  ZOË@EXAMPLE.COM ', 'ｚｏë@example.com'].map(nameKeyOf)
    assert.equal(new Set(keys).size, 1)
    assert.notEqual(nameKeyOf('zoe@example.com'), keys[0])
  })
})

suite('a password', () => {
  for (const [password, fault] of [
    ['twelve chars', undefined],
    ['пароль пароль', undefined],
    ['😀'.repeat(12), undefined],
    ['a'.repeat(256), undefined],
    ['eleven char', /at least 12 characters/],
    ['😀'.repeat(6), /at least 12 characters/],
    ['a'.repeat(257), /at most 256 characters/],
    ['Ann@Example.com', /must not be the name/],
  ] as const)
    test(`of ${[...password].length} characters ${fault === undefined ? 'is one' : `is refused: ${fault.source}`}`, () => {
      if (fault === undefined) assert.equal(passwordFault(password, 'ann@example.com'), undefined)
      else assert.match(passwordFault(password, 'ann@example.com') ?? '', fault)
    })
})

test('a session lives for 7 days, and no longer than 12 hours after somebody was there', () => {
  const session = { hash: '', userId: 1, organizationId: 1, createdAt: 0, lastSeenAt: 0, expiresAt: sessionLifetimeMs }
  const rows: [lastSeenAt: number, now: number, isAlive: boolean][] = [
    [0, sessionIdleMsMax - 1, true],
    [0, sessionIdleMsMax, false],
    [sessionLifetimeMs - 2, sessionLifetimeMs - 1, true],
    [sessionLifetimeMs - 1, sessionLifetimeMs, false],
  ]
  for (const [lastSeenAt, now, isAlive] of rows) assert.equal(isLive({ ...session, lastSeenAt }, now), isAlive)
})
