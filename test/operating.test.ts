import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { runProgram } from '../src/cli/program.ts'
import { knownVariables } from '../src/config/config.ts'
import { makeMetrics } from '../src/telemetry/metrics.ts'
import { at } from './support/service-client.ts'

const project = new URL('../', import.meta.url).pathname
const read = (path: string) => readFileSync(join(project, path), 'utf8')
const manual = read('docs/operating.md')

function found(text: string, pattern: RegExp): string[] {
  return [...new Set([...text.matchAll(pattern)].map(([all, part]) => part ?? all))].sort()
}

suite('the operating manual', () => {
  test('has each variable that the service reads, and no other', () => {
    assert.deepEqual(found(manual, /\bTEXTBRIDGE_[A-Z_]+/g), [...knownVariables].sort())
    const readers = ['src/config/config.ts', 'src/config/secrets.ts'].map(read).join('\n')
    assert.deepEqual(found(readers, /\benv\.(TEXTBRIDGE_[A-Z_]+)/g), [...knownVariables].sort())
  })

  test('says of each metric of ours when to worry, and of no other', async () => {
    const own = found(await makeMetrics().render(), /^# TYPE (textbridge_\w+)/gm)
    const told = found(manual, /\btextbridge_[a-z_]+/g).map((name) => name.replace(/_(bucket|count|sum)$/, ''))
    assert.deepEqual([...new Set(told)], own)
  })

  test('says of each warning and error in the log what to do, and of no other', () => {
    const section = manual.slice(manual.indexOf('### The log'), manual.indexOf('## Emergencies'))
    const logged = sourceFiles().flatMap((path) => found(read(path), /\blog\??\.(?:warn|error)\(\s*'([a-z_.]+)'/g))
    const told = found(section, /^\| (`[^|]+)\|/gm).flatMap((cell) => found(cell, /`([a-z_.]+)`/g))
    assert.deepEqual(told.sort(), [...new Set(logged)].sort())
  })

  test('names only addresses that there are', () => {
    const description: unknown = JSON.parse(read('docs/openapi.json'))
    const known = Object.entries(Object(at(description, 'paths'))).flatMap(([path, methods]) =>
      Object.keys(Object(methods)).map((method) => `${method.toUpperCase()} ${path.replaceAll(/\{\w+\}/g, '{}')}`),
    )
    const told = found(manual, /\b(?:GET|POST|PUT|PATCH|DELETE) \/[\w/{}-]+/g)
    assert.ok(told.length > 10)
    const unknown = told.filter((call) => !known.includes(call.replaceAll(/\{\w+\}/g, '{}')))
    assert.deepEqual(unknown, [], 'not in the description of the API')
  })

  test('names only commands that there are', async () => {
    const commands = found(manual, /(?:textbridge --|run --rm setup) ([a-z]+(?: [a-z]+)?)/g)
    assert.ok(commands.length > 3)
    for (const command of commands) {
      const lines: string[] = []
      const take = (text: string) => void lines.push(text)
      const parts = {
        env: {},
        output: { line: take, note: take, isTerminal: false },
        version: '',
        stopped: Promise.resolve(),
      }
      assert.equal(await runProgram([...command.split(' '), '--help'], parts), 0, command)
      assert.match(lines.join('\n'), new RegExp(`^Usage: textbridge ${command}\\b`), command)
    }
  })

  test('leads to files and headings that there are', () => {
    for (const link of found(manual, /\]\(([^)#]+)(?:#[^)]*)?\)/g))
      if (!link.startsWith('https:')) assert.ok(existsSync(join(project, 'docs', link)), link)
    for (const file of found(manual, /`((?:test|src|docs)\/[\w./-]+)`/g))
      assert.ok(existsSync(join(project, file)), file)
    const headings = found(manual, /^#+ (.+)$/gm).map((heading) =>
      heading
        .toLowerCase()
        .replaceAll(/[^a-z -]/g, '')
        .replaceAll(' ', '-'),
    )
    for (const link of found(manual, /\]\(#([\w-]+)\)/g)) assert.ok(headings.includes(link), link)
  })
})

function sourceFiles(): string[] {
  return readdirSync(join(project, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !/\.(test|contract)\.ts$/.test(path) && !path.startsWith('simulator/'))
    .map((path) => join('src', path))
}
