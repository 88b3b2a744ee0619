import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { suite, test } from 'node:test'

/** Part -> the parts, `node:` and packages that it may import beside itself. An arrow changes here, in a diff. */
const allowedImports: Readonly<Record<string, readonly string[]>> = {
  'main.ts': ['cli', 'config', 'node:fs'],
  'app.ts': ['*'],
  'events.ts': ['*'],
  'sending.ts': ['*'],
  cli: ['app.ts', 'use-cases', 'ports', 'core', 'config', 'telemetry', 'simulator', 'node:*', 'commander', 'yaml'],
  http: ['use-cases', 'ports', 'core', 'node:*', 'fastify', '@fastify/*', '@scalar/*', 'typebox', 'ajv'],
  jobs: ['use-cases', 'ports', 'core'],
  'use-cases': ['ports', 'core', 'node:crypto'],
  ports: ['core'],
  core: [],
  providers: ['net', 'ports', 'core', 'node:crypto'],
  storage: ['ports', 'core', 'node:*', 'pg'],
  telemetry: ['ports', 'core', 'node:crypto', 'pino', 'prom-client'],
  'event-webhooks': ['net', 'ports', 'core', 'node:crypto'],
  net: ['core', 'node:*', 'undici', 'ipaddr.js'],
  config: ['core'],
  simulator: ['ports', 'core', 'node:*', 'undici'],
}

/** What may stand in one place only: what it looks like in code (comments aside), and where it may stand. */
const placesOf: readonly { readonly what: string; readonly pattern: RegExp; readonly places: readonly string[] }[] = [
  { what: 'node:sqlite', pattern: /node:sqlite/, places: ['storage/sqlite/database.ts'] },
  { what: 'process.env', pattern: /process\.env\b|\benv\b.*node:process/, places: ['config/env.ts'] },
  { what: 'an HTTP status', pattern: /\.(code|status)\(\s*\d/, places: ['http/errors.ts', 'simulator/'] },
  {
    what: 'the name of a provider',
    // `via telnyx` is how the contract words its sentences; in http/ they are examples of the API's description.
    pattern: /(?<!via )(twilio|telnyx)/i,
    places: ['providers/registry.ts', 'providers/*/', 'simulator/', 'cli/demo.ts', 'config/', 'http/schemas/'],
  },
]

test('every import follows the arrows', () => {
  const faults = sourceFiles().flatMap(({ path, text }) => faultsOf(path, text))
  assert.deepEqual(faults, [])
})

suite('what breaks the architecture is reported', () => {
  const rows: readonly [path: string, text: string, fault: RegExp][] = [
    ['core/a.ts', "import { b } from '../ports/b.ts'", /core\/a\.ts may not import ports/],
    ['core/a.ts', "import { hash } from 'node:crypto'", /core\/a\.ts may not import node:crypto/],
    ['core/a.ts', "import ajv from 'ajv'", /may not import ajv/],
    ['ports/a.ts', "export * from '../use-cases/b.ts'", /may not import use-cases/],
    ['use-cases/a.ts', "import {\n  b,\n} from '../storage/sqlite/store.ts'", /may not import storage/],
    ['use-cases/a.ts', "import type { App } from '../http/fastify.ts'", /may not import http/],
    ['http/routes/a.ts', "const b = await import('../../net/http-client.ts')", /may not import net/],
    ['http/routes/a.ts', "import '../../providers/registry.ts'", /may not import providers/],
    ['jobs/a.ts', "import { b } from '../telemetry/clock.ts'", /may not import telemetry/],
    [
      'providers/twilio/a.ts',
      "import { b } from '../telnyx/b.ts'",
      /providers\/twilio may not import providers\/telnyx/,
    ],
    ['providers/outcome.ts', "import { b } from './telnyx/b.ts'", /providers\/outcome\.ts may not import .*telnyx/],
    ['providers/telnyx/a.ts', "import { b } from '../../simulator/telnyx.ts'", /may not import simulator/],
    ['storage/sqlite/a.ts', "import { b } from '../postgres/b.ts'", /storage\/sqlite may not import storage\/postgres/],
    ['simulator/a.ts', "import { b } from '../providers/registry.ts'", /may not import providers/],
    ['cli/a.ts', "import { b } from '../storage/rows.ts'", /may not import storage/],
    ['main.ts', "import { b } from './http/server.ts'", /may not import http/],
    ['core/a.ts', "import { b } from '../../test/support/b.ts'", /may not import \.\.\/test/],
    ['app.ts', "import { b } from './core/b.test.ts'", /may not import a test/],
    ['queues/a.ts', 'export const a = 1', /queues is not in the table/],
    ['storage/sqlite/store.ts', "import { DatabaseSync } from 'node:sqlite'", /node:sqlite may stand only in/],
    ['cli/a.ts', 'const a = process.env.PATH', /process\.env may stand only in config\/env\.ts/],
    ['http/routes/a.ts', 'reply.code(404)', /an HTTP status may stand only in/],
    ['use-cases/a.ts', "if (account.provider === 'twilio') wait()", /the name of a provider may stand only in/],
    ['providers/outcome.ts', 'const telnyxCodes = []', /the name of a provider/],
  ]
  for (const [path, text, fault] of rows)
    test(`${path}: ${text.replaceAll('\n', ' ')}`, () => {
      assert.match(faultsOf(path, text).join('; '), fault)
    })

  test('what is allowed is not reported', () => {
    const text = `
      // Twilio's codes; process.env is read elsewhere.
      import { request } from '../../net/http-client.ts'
      import type { Provider } from '../../ports/provider.ts'
      import { outcomeOf } from '../outcome.ts'
      import { statuses } from './status.ts'
      const url = 'https://api.twilio.com'`
    assert.deepEqual(faultsOf('providers/twilio/index.ts', text), [])
    assert.deepEqual(faultsOf('core/a.ts', '/** As Twilio counts. */ export const a = 1 // telnyx too'), [])
    assert.deepEqual(faultsOf('core/a.test.ts', "import { b } from '../../test/support/b.ts'\nconst a = 'twilio'"), [])
  })
})

/** `path` is below src/. Tests and contract suites stand outside the arrows; nothing but tests may import them. */
function faultsOf(path: string, text: string): string[] {
  if (isTest(path)) return []
  const part = path.split('/')[0] ?? ''
  const allowed = allowedImports[part]
  if (allowed === undefined) return [`${part} is not in the table of allowed imports (${path})`]
  const code = text.replace(/\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/.*$/gm, '')
  return [...importsOf(code).flatMap((name) => importFault(path, allowed, name)), ...placeFaults(path, code)]
}

function isTest(path: string): boolean {
  return /\.(test|contract)\.ts$/.test(path)
}

function importsOf(code: string): string[] {
  return [...code.matchAll(/(?:^\s*(?:import|export) (?:[^'"`=;]*\bfrom )?|\bimport\()'([^']+)'/gm)].map(
    (match) => match[1] ?? '',
  )
}

function importFault(path: string, allowed: readonly string[], name: string): string[] {
  const target = name.startsWith('.') ? posix.join(posix.dirname(path), name) : name
  if (isTest(target)) return [`${path} may not import a test: ${target}`]
  const [part, targetPart] = [path.split('/')[0], name.startsWith('.') ? target.split('/')[0] : target]
  if (part === targetPart) return siblingFault(path, target)
  const mayImport = allowed.some((entry) =>
    entry.endsWith('*') ? targetPart?.startsWith(entry.slice(0, -1)) : entry === targetPart,
  )
  return mayImport && targetPart !== '..' ? [] : [`${path} may not import ${target}`]
}

/** Adapters (the folders in providers/ and storage/) never see each other, and only the registry sees them all. */
function siblingFault(path: string, target: string): string[] {
  const adapter = adapterOf(target)
  if (adapter === undefined || adapterOf(path) === adapter || path === 'providers/registry.ts') return []
  return [`${adapterOf(path) ?? path} may not import ${adapter}`]
}

function adapterOf(path: string): string | undefined {
  return /^(?:providers|storage)\/[^/]+(?=\/)/.exec(path)?.[0]
}

function placeFaults(path: string, code: string): string[] {
  return placesOf
    .filter(({ pattern, places }) => pattern.test(code) && !places.some((place) => isIn(path, place)))
    .map(({ what, places }) => `${what} may stand only in ${places.join(', ')}, not in ${path}`)
}

function isIn(path: string, place: string): boolean {
  const [before, after] = place.split('*/')
  return after === undefined ? path.startsWith(place) : path.startsWith(before ?? '') && adapterOf(path) !== undefined
}

function sourceFiles(): { readonly path: string; readonly text: string }[] {
  const root = new URL('../src/', import.meta.url).pathname
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => ({ path: path.replaceAll('\\', '/'), text: readFileSync(join(root, path), 'utf8') }))
}
