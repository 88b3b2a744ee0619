import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, suite, test } from 'node:test'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { errorBodyCodes } from '../../src/http/errors.ts'
import { entriesOf, listOf, operationsOf } from '../support/openapi-operations.ts'
import { at, startTestService, type TestService } from '../support/service-client.ts'

const document: unknown = JSON.parse(readFileSync(new URL('../../docs/openapi.json', import.meta.url), 'utf8'))
const operations = operationsOf(document)
let service: TestService

before(async () => {
  service = await startTestService({ engine: 'sqlite', organizations: [] })
})
after(() => service.close())

test('docs/openapi.json is what the service serves: `npm run generate` was run after the last change', async () => {
  const { body, status } = await service.call('GET', '/openapi.json')
  assert.equal(status, 200)
  // Where it runs and which version it is are of the running service.
  const alike = (value: unknown) =>
    Object.fromEntries(
      entriesOf(value).map(([name, part]) => [
        name,
        name === 'servers' ? [] : name === 'info' ? { ...Object.fromEntries(entriesOf(part)), version: '' } : part,
      ]),
    )
  assert.deepEqual(alike(document), alike(body))
  const manifest: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
  assert.equal(at(document, 'info', 'version'), at(manifest, 'version'))
})

test('it is an OpenAPI 3.1 document whose references resolve and whose paths declare their parameters', () => {
  assert.equal(at(document, 'openapi'), '3.1.0')
  assert.ok(operations.length > 30)
  for (const [, reference = ''] of JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g))
    assert.notEqual(at(document, ...reference.slice(2).split('/')), undefined, reference)
  for (const { title, path, parameters } of operations) {
    const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)
    assert.deepEqual(
      parameters.filter((parameter) => parameter.in === 'path').map(({ name }) => name),
      named,
      title,
    )
  }
  for (const { operation, title } of operations)
    for (const parameter of listOf(at(operation, 'parameters')))
      if (at(parameter, 'schema', 'default') !== undefined) assert.equal(at(parameter, 'required'), false, title)
})

test('every operation has an id of its own', () => {
  const ids = operations.map(({ operation }) => at(operation, 'operationId'))
  assert.ok(ids.every((id) => typeof id === 'string' && /^[a-z][A-Za-z]+$/.test(id)))
  assert.equal(new Set(ids).size, ids.length)
})

suite('every operation is described', () => {
  const tags = listOf(at(document, 'tags')).map((tag) => at(tag, 'name'))
  const isOpen = new Set([
    'GET /healthz',
    'GET /readyz',
    // Signed by the provider, and by us.
    'GET /webhooks/sms/{provider}',
    'POST /webhooks/sms/{provider}',
    'GET /media/{media_id}',
    // What lets somebody in.
    'POST /api/v1/session',
    'POST /api/v1/session/link',
    'GET /api/v1/session/first-run',
  ])
  for (const { title, operation, isScoped, body, answers } of operations)
    test(title, () => {
      assert.match(String(at(operation, 'summary')), /^[A-Z].{5,80}[^.]$/)
      const own = listOf(at(operation, 'tags'))
      assert.ok(own.length === 1 && tags.includes(own[0]))
      const [good, bad] = [answers.filter(({ status }) => status < 300), answers.filter(({ status }) => status >= 400)]
      assert.ok(good.length > 0)
      for (const { content } of good) assert.ok(content === undefined || content.examples.length > 0)
      assert.ok(body === undefined || body.examples.length > 0)
      assert.equal(isScoped, !isOpen.has(title))
      const statuses = bad.map(({ status }) => status)
      const needed = [...(isScoped ? [401, 403, 429, 503] : []), ...(body === undefined ? [] : [400, 413, 415])]
      for (const status of needed) assert.ok(statuses.includes(status), `${status} is not described`)
    })
})

suite('every example is one: it passes its own schema, and errors have a code of the closed list', () => {
  const ajv = new Ajv2020({ strict: false, validateFormats: false })
  ajv.addSchema(Object.fromEntries(entriesOf(document)), 'document')
  const codes: readonly string[] = errorBodyCodes
  for (const { title, body, answers } of operations)
    test(title, () => {
      for (const { status, content, description } of [...answers, { status: 0, content: body, description: 'body' }]) {
        assert.ok(typeof description === 'string' && description !== '')
        for (const example of content?.examples ?? []) {
          const validate = ajv.compile(absolute(content?.schema))
          assert.ok(validate(example), `${status}: ${ajv.errorsText(validate.errors)}`)
          if (status < 400) continue
          assert.ok(codes.includes(String(at(example, 'code'))), `${at(example, 'code')}`)
          assert.equal(typeof at(example, 'detail'), 'string')
        }
      }
    })

  function absolute(schema: unknown): object {
    return JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"document#/'))
  }
})

suite('/docs', () => {
  test('every script, style and picture of the page is on this host and there', async () => {
    const page = await service.call('GET', '/docs')
    assert.equal(page.status, 200)
    const assets = [...page.text.matchAll(/<(script|link|img)\b[^>]*?\b(?:src|href)\s*=\s*["']([^"']+)["']/g)]
    assert.ok(assets.length > 0)
    for (const [, , address = ''] of assets) {
      const url = new URL(address, `${service.url}/docs/`)
      assert.equal(url.origin, service.url)
      const asset = await service.call('GET', url.pathname)
      assert.equal(asset.status, 200, address)
      assert.doesNotMatch(asset.text, /<(script|link|img)\b[^>]*?\b(src|href)\s*=\s*["']https?:/)
    }
  })

  test('the browser is told to reach nothing but this service', async () => {
    const policy = (await service.call('GET', '/docs')).headers.get('content-security-policy') ?? ''
    const sources = policy.split(';').flatMap((directive) => directive.trim().split(' ').slice(1))
    const ours = ["'none'", "'self'", "'unsafe-inline'", 'data:']
    assert.match(policy, /^default-src 'none'/)
    // The address in TEXTBRIDGE_PUBLIC_URL, which is where the page sends what is tried out.
    assert.deepEqual(
      sources.filter((source) => !ours.includes(source)),
      ['http://localhost:0'],
    )
  })
})
