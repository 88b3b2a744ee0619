import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { build } from 'vite'

/** Everything that the first page needs, compressed by gzip. */
const firstLoadBytesMax = 100_000
const project = new URL('../../', import.meta.url).pathname
let folder = ''

type Chunk = {
  readonly file: string
  readonly css?: readonly string[]
  readonly imports?: readonly string[]
}

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'textbridge-console-build-'))
  const configFile = join(project, 'console/vite.config.ts')
  await build({ configFile, logLevel: 'warn', build: { outDir: folder } })
})
after(() => rmSync(folder, { recursive: true }))

const read = (name: string) => readFileSync(join(folder, name), 'utf8')

/** The files of an entry of the manifest, with all it imports. */
function filesOf(manifest: Readonly<Record<string, Chunk>>, name: string, seen = new Set<string>()): Set<string> {
  const chunk = manifest[name]
  assert.ok(chunk !== undefined, `the manifest has no ${name}`)
  if (seen.has(chunk.file)) return seen
  for (const file of [chunk.file, ...(chunk.css ?? [])]) seen.add(file)
  for (const imported of chunk.imports ?? []) filesOf(manifest, imported, seen)
  return seen
}

suite('the built console', () => {
  test('loads its first page, charts and styles with it, in less than 100 kB', () => {
    const manifest: Record<string, Chunk> = JSON.parse(read('manifest.json'))
    const files = filesOf(manifest, 'src/pages/overview.tsx', filesOf(manifest, 'index.html'))
    const sizes = ['index.html', ...files].map((file) => statSync(join(folder, `${file}.gz`)).size)
    const total = sizes.reduce((sum, size) => sum + size, 0)
    assert.ok(total < firstLoadBytesMax, `${total} bytes`)
  })

  test('has each page in a file of its own', () => {
    const manifest: Record<string, Chunk> = JSON.parse(read('manifest.json'))
    const pages = readdirSync(join(project, 'console/src/pages')).filter((name) => name.endsWith('.tsx'))
    const apart = pages.filter((name) => manifest[`src/pages/${name}`] !== undefined)
    // Who is not signed in needs nothing else, so signing in stands in the first file.
    assert.deepEqual(
      pages.filter((name) => !apart.includes(name)),
      ['sign-in.tsx'],
    )
  })

  test('names no address outside, and has neither script nor style within its document', () => {
    const document = read('index.html')
    assert.doesNotMatch(document, /(src|href)="(https?:)?\/\//)
    assert.doesNotMatch(document, /<style|style=|<script(?![^>]* src=)|\son\w+=/)
    for (const name of readdirSync(join(folder, 'assets')).filter((file) => file.endsWith('.css')))
      assert.doesNotMatch(read(join('assets', name)), /url\(\s*['"]?(https?:)?\/\//)
  })
})

test('nothing in the console makes code or markup of text', () => {
  const root = join(project, 'console/src')
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((name) => /\.tsx?$/.test(name))
  assert.ok(files.length > 30)
  const pattern = /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|javascript:/
  assert.deepEqual(
    files.filter((name) => pattern.test(readFileSync(join(root, name), 'utf8'))),
    [],
  )
})
