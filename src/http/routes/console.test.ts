import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { brotliCompressSync, gunzipSync, gzipSync } from 'node:zlib'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import Fastify from 'fastify'
import { expectedErrorOf, internalError, replyWithError } from '../errors.ts'
import type { App } from '../fastify.ts'
import { registerConsoleRoutes } from './console.ts'

const script = 'console.log("the console")'.repeat(20)
let folder = ''
let app: App

function appOf(consoleFolder: string): App {
  const made: App = Fastify({ routerOptions: { ignoreTrailingSlash: true } }).withTypeProvider<TypeBoxTypeProvider>()
  made.setErrorHandler((error, _request, reply) => replyWithError(reply, expectedErrorOf(error) ?? internalError()))
  registerConsoleRoutes(made, { consoleFolder })
  return made
}

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'textbridge-console-'))
  mkdirSync(join(folder, 'dist', 'assets'), { recursive: true })
  const write = (name: string, content: string | Buffer) => writeFileSync(join(folder, name), content)
  write('secret.js', 'a secret beside the folder')
  write('dist/index.html', '<!doctype html><title>Textbridge</title>')
  write('dist/icon.svg', '<svg xmlns="http://www.w3.org/2000/svg"/>')
  write('dist/manifest.json', '{}')
  write('dist/assets/index-abc.js', script)
  write('dist/assets/index-abc.js.gz', gzipSync(script))
  write('dist/assets/index-abc.js.br', brotliCompressSync(script))
  app = appOf(join(folder, 'dist'))
})
after(async () => {
  await app.close()
  rmSync(folder, { recursive: true })
})

const get = (url: string, headers: Record<string, string> = {}) => app.inject({ url, headers })

suite('every page of the console is the same document, which finds its own way', () => {
  for (const url of [
    '/console',
    '/console/',
    '/console/messages?status=failed',
    '/console/messages/msg_1',
    '/console/opt-outs/+1555.123',
  ])
    test(url, async () => {
      const answer = await get(url)
      assert.equal(answer.statusCode, 200)
      assert.match(answer.body, /<title>Textbridge/)
      assert.equal(answer.headers['cache-control'], 'no-cache')
      const policy = String(answer.headers['content-security-policy'])
      for (const part of ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "trusted-types 'none'"])
        assert.ok(policy.split('; ').includes(part), part)
      assert.doesNotMatch(policy, /unsafe|\*/)
      assert.equal(answer.headers['x-content-type-options'], 'nosniff')
    })
})

suite('a file is sent as it was packed at the build, if the browser takes it', () => {
  const rows: readonly [accepted: string, encoding: string | undefined][] = [
    ['gzip, deflate, br', 'br'],
    ['gzip', 'gzip'],
    ['br;q=0, gzip', 'gzip'],
    ['identity', undefined],
    ['', undefined],
  ]
  for (const [accepted, encoding] of rows)
    test(accepted === '' ? 'nothing said' : accepted, async () => {
      const answer = await get('/console/assets/index-abc.js', { 'accept-encoding': accepted })
      assert.equal(answer.headers['content-encoding'], encoding)
      assert.equal(answer.headers['cache-control'], 'public, max-age=31536000, immutable')
      assert.equal(answer.headers['content-type'], 'text/javascript; charset=utf-8')
      assert.equal(answer.headers.vary, 'accept-encoding')
      if (encoding === undefined) assert.equal(answer.body, script)
      if (encoding === 'gzip') assert.equal(gunzipSync(answer.rawPayload).toString(), script)
    })
})

suite('what is no file of the console is not found', () => {
  for (const url of [
    '/console/assets/index-old.js',
    '/console/missing.svg',
    '/console/../secret.js',
    '/console/..%2fsecret.js',
    '/console/assets/..%2f..%2f..%2fsecret.js',
    '/console/%2e%2e/secret.js',
    '/console/assets/index-abc.js%00.svg',
  ])
    test(url, async () => {
      const answer = await get(url)
      assert.equal(answer.statusCode, 404)
      assert.doesNotMatch(answer.body, /secret beside/)
    })

  test('/console/manifest.json is a page, not the list of files', async () => {
    const answer = await get('/console/manifest.json')
    assert.doesNotMatch(answer.body, /^\{\}$/)
  })
})

test('a checkout that was not built says how to build it', async () => {
  const bare = appOf(join(folder, 'nowhere'))
  const answer = await bare.inject('/console')
  assert.equal(answer.statusCode, 404)
  assert.match(answer.body, /npm run build:console/)
  await bare.close()
})
