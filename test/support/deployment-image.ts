import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
} from 'node:fs'
import { dirname, join, posix, relative } from 'node:path'
import { type Instruction, parseDockerfile, parseExecForm, parsePairs } from './deployment-dockerfile.ts'
import { at } from './service-client.ts'

/** What a build leaves. `root` is the folder that stands for `/`; it holds what was copied, not the base image. */
export type Image = {
  readonly root: string
  readonly base: string
  readonly workdir: string
  readonly env: Readonly<Record<string, string>>
  readonly user: string
  readonly ports: readonly string[]
  readonly volumes: readonly string[]
  readonly stopSignal: string
  readonly healthcheck: readonly string[]
  readonly entrypoint: readonly string[]
  readonly command: readonly string[]
}

const bare: Omit<Image, 'root' | 'base'> = {
  workdir: '/',
  env: {},
  user: 'root',
  ports: [],
  volumes: [],
  stopSignal: '',
  healthcheck: [],
  entrypoint: [],
  command: [],
}

/**
 * Does what the project's Dockerfile says, without Docker and without a network: files are copied, and packages come
 * out of the project's own node_modules. An instruction it does not know fails.
 */
export function buildImage({ project, folder }: { readonly project: string; readonly folder: string }): Image {
  const context = contextOf(project)
  const stages = new Map<string, Image>()
  let image: Image | undefined
  for (const [index, stage] of parseDockerfile(readFileSync(join(project, 'Dockerfile'), 'utf8')).entries()) {
    const name = stage.name ?? String(index)
    const parent = stages.get(stage.base)
    const root = join(folder, name)
    mkdirSync(root)
    if (parent !== undefined) duplicate(parent.root, root)
    image = stage.instructions.reduce(
      (before, instruction) => build({ before, instruction, stages, context, project }),
      parent === undefined ? { ...bare, root, base: stage.base } : { ...parent, root },
    )
    stages.set(name, image)
  }
  assert.ok(image !== undefined, 'the Dockerfile has no stage')
  return image
}

/** The files that .dockerignore lets through, by their path in the project. */
export function contextOf(project: string): string[] {
  const rules = readFileSync(join(project, '.dockerignore'), 'utf8')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => ({ pattern: patternOf(line.replace(/^!/, '')), lets: line.startsWith('!') }))
  const isLet = (path: string) => rules.findLast(({ pattern }) => pattern.test(path))?.lets ?? true
  return readdirSync(project)
    .filter(isLet)
    .flatMap((top) => filesBelow(join(project, top)).map((path) => relative(project, path)))
    .filter(isLet)
}

/** The last rule that fits counts; one that fits a folder fits what is in it. */
function patternOf(rule: string): RegExp {
  const source = rule
    .split('**/')
    .map((part) => part.replaceAll('.', '\\.').replaceAll('*', '[^/]*'))
    .join('(?:.*/)?')
  return new RegExp(`^${source}(?:/|$)`)
}

/** A file is below itself. */
export function filesBelow(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path]
  return readdirSync(path, { recursive: true, encoding: 'utf8' })
    .map((name) => join(path, name))
    .filter((file) => statSync(file).isFile())
}

/** A file or a folder. Nothing in an image is written to, so where both stand on one file system a link does. */
function duplicate(source: string, target: string): void {
  for (const file of filesBelow(source)) {
    const place = join(target, relative(source, file))
    mkdirSync(dirname(place), { recursive: true })
    if (statSync(file).dev === statSync(dirname(place)).dev) linkSync(file, place)
    else copyFileSync(file, place)
  }
}

type Step = {
  readonly before: Image
  readonly instruction: Instruction
  readonly stages: ReadonlyMap<string, Image>
  readonly context: readonly string[]
  readonly project: string
}

function build(step: Step): Image {
  const { before, instruction } = step
  const { name, text } = instruction
  switch (name) {
    case 'WORKDIR':
      mkdirSync(join(before.root, text), { recursive: true })
      return { ...before, workdir: posix.resolve(before.workdir, text) }
    case 'COPY':
      copy(step)
      return before
    case 'RUN':
      run(step)
      return before
    case 'ENV':
      return { ...before, env: { ...before.env, ...parsePairs(text) } }
    case 'USER':
      return { ...before, user: text }
    case 'EXPOSE':
      return { ...before, ports: text.split(/\s+/) }
    case 'VOLUME':
      return { ...before, volumes: text.split(/\s+/) }
    case 'STOPSIGNAL':
      return { ...before, stopSignal: text }
    case 'HEALTHCHECK':
      return { ...before, healthcheck: parseExecForm(text.replace(/^CMD /, '')) }
    case 'ENTRYPOINT':
      return { ...before, entrypoint: parseExecForm(text) }
    case 'CMD':
      return { ...before, command: parseExecForm(text) }
    default:
      throw new Error(`this test does not know what ${name} does`)
  }
}

function copy({ before, instruction: { flags, text }, stages, context, project }: Step): void {
  const paths = text.split(/\s+/)
  const target = paths.pop() ?? ''
  const place = join(before.root, posix.resolve(before.workdir, target))
  for (const source of paths) {
    if (flags.from !== undefined) {
      const stage = stages.get(flags.from)
      assert.ok(stage !== undefined, `COPY ${text}: there is no stage of this name`)
      duplicate(join(stage.root, source), place)
      continue
    }
    const files = context.filter((file) => file === source || file.startsWith(`${source}/`))
    assert.ok(files.length > 0, `COPY ${text}: there is no ${source}, or .dockerignore leaves it out`)
    // A file goes into the folder; of a folder, what is in it.
    for (const file of files)
      duplicate(join(project, file), join(place, file === source ? posix.basename(file) : relative(source, file)))
  }
}

function run({ before, instruction: { text }, project }: Step): void {
  const [tool, ...args] = text.split(/\s+/)
  const folder = join(before.root, before.workdir)
  if (tool === 'install' && args[0] === '-d') mkdirSync(join(before.root, args.at(-1) ?? ''))
  else if (text === 'npm ci --ignore-scripts') symlinkSync(join(project, 'node_modules'), join(folder, 'node_modules'))
  else if (tool === 'npm' && args[0] === 'ci' && args.includes('--ignore-scripts'))
    installPackages(folder, { args, project })
  else if (tool === 'node') execFileSync(process.execPath, args, { cwd: folder, stdio: 'pipe' })
  else throw new Error(`this test does not know what it runs: ${text}`)
}

/** What `npm ci` installs from the lockfile that was copied, without what `--omit` names and without running scripts. */
function installPackages(folder: string, { args, project }: { args: readonly string[]; project: string }): void {
  assert.ok(existsSync(join(folder, 'package.json')), 'npm ci needs a package.json')
  const lock: unknown = JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8'))
  const omitted = args.filter((arg) => arg.startsWith('--omit=')).map((arg) => arg.slice('--omit='.length))
  for (const [path, locked] of Object.entries(Object(at(lock, 'packages')))) {
    // One inside another comes with it.
    const isNested = path.lastIndexOf('node_modules/') > 0
    if (path === '' || isNested || omitted.some((kind) => at(locked, kind) === true)) continue
    const source = join(project, path)
    const installed: unknown = JSON.parse(readFileSync(join(source, 'package.json'), 'utf8'))
    assert.equal(at(installed, 'version'), at(locked, 'version'), `${path} is not what is locked: run npm ci`)
    duplicate(source, join(folder, path))
  }
}
