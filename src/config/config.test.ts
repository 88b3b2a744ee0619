import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseConfig, unknownVariables } from './config.ts'
import { parseSecrets } from './secrets.ts'

test('an empty environment gives the defaults', () => {
  assert.deepEqual(parseConfig({}), {
    database: { engine: 'sqlite', path: './data/textbridge.db' },
    host: '127.0.0.1',
    port: 3000,
    publicUrl: 'http://localhost:3000',
    roles: ['api', 'jobs'],
    logLevel: 'info',
  })
})

test('each malformed variable is named, all at once, and no URL is quoted', () => {
  const env = {
    TEXTBRIDGE_PORT: '80a0',
    TEXTBRIDGE_DATABASE_URL: 'mysql://u:secret@host/db',
    TEXTBRIDGE_PUBLIC_URL: 'ftp://example.com',
    TEXTBRIDGE_ROLES: 'api,worker',
    TEXTBRIDGE_LOG_LEVEL: 'loud',
  }
  assert.throws(
    () => parseConfig(env),
    (error: Error) => {
      for (const name of Object.keys(env)) assert.match(error.message, new RegExp(name))
      assert.match(error.message, /TEXTBRIDGE_PORT is "80a0"; it must be a number from 1 to 65535\./)
      assert.doesNotMatch(error.message, /secret@/)
      return true
    },
  )
})

test('the URL of a PostgreSQL stands with the secrets, not in what may be logged', () => {
  const url = 'postgres://u:pass@host/db'
  const env = { TEXTBRIDGE_DATABASE_URL: url, TEXTBRIDGE_SECRET_KEY: Buffer.alloc(32, 1).toString('base64') }
  assert.deepEqual(parseConfig(env).database, { engine: 'postgres' })
  assert.equal(parseSecrets(env).databaseUrl, url)
  assert.equal(parseSecrets({ ...env, TEXTBRIDGE_DATABASE_URL: 'sqlite:x.db' }).databaseUrl, undefined)
})

test('a misspelt variable is noticed', () => {
  assert.deepEqual(unknownVariables({ TEXTBRIDGE_PROT: '1', TEXTBRIDGE_PORT: '1', PATH: '/' }), ['TEXTBRIDGE_PROT'])
})

test('secret keys are 32 bytes in base64, one or several, and a first API key is long', () => {
  const key = Buffer.alloc(32, 1).toString('base64')
  assert.equal(parseSecrets({ TEXTBRIDGE_SECRET_KEY: `${key},${key}` }).secretKeys.length, 2)
  for (const bad of [undefined, '', 'short', `${key}A`, `${key},`])
    assert.throws(() => parseSecrets({ TEXTBRIDGE_SECRET_KEY: bad }), /TEXTBRIDGE_SECRET_KEY/)
  assert.throws(() => parseSecrets({ TEXTBRIDGE_SECRET_KEY: key, TEXTBRIDGE_API_KEY: 'short' }), /TEXTBRIDGE_API_KEY/)
})
