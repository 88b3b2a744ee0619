import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { promisify } from 'node:util'
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts'
import { loadMigrations } from '../../src/storage/migrator.ts'
import { systemClock } from '../../src/telemetry/clock.ts'
import { runTextbridge, startTextbridge, temporaryFolder } from '../support/process.ts'
import { silentLog } from '../support/silent-log.ts'
import { telnyxAccount, twilioAccount } from '../support/simulated-accounts.ts'

const folder = temporaryFolder()
const migrations = loadMigrations(new URL('../../src/storage/sqlite/migrations/', import.meta.url))
let simulator: Simulator
before(async () => {
  simulator = await startSimulator({
    host: '127.0.0.1',
    port: 0,
    accounts: [twilioAccount, telnyxAccount],
    clock: systemClock,
    log: silentLog,
  })
})
after(async () => {
  await simulator.close()
  folder.remove()
})

const secretKey = Buffer.alloc(32, 3).toString('base64')
function environment(name: string, more: Record<string, string> = {}): Record<string, string> {
  return {
    TEXTBRIDGE_DATABASE_URL: `sqlite:${join(folder.path, name)}`,
    TEXTBRIDGE_SECRET_KEY: secretKey,
    TEXTBRIDGE_PORT: '0',
    AUTH_TOKEN: twilioAccount.authToken,
    API_KEY: telnyxAccount.apiKey,
    ...more,
  }
}

function writeSetup(name: string, change = (text: string) => text): string {
  const path = join(folder.path, name)
  const text = `organization: Acme
provider_accounts:
  - { name: main-twilio, provider: twilio, account_sid: ${twilioAccount.accountSid}, auth_token: \${AUTH_TOKEN}, base_url: ${simulator.baseUrls.twilio} }
  - { name: main-telnyx, provider: telnyx, api_key: \${API_KEY}, base_url: ${simulator.baseUrls.telnyx} }
assistants:
  - { name: Tilly, provider_account: main-twilio, phone_numbers: ["${twilioAccount.numbers[0]}"] }
  - { name: Nell, provider_account: main-telnyx, phone_numbers: ["${telnyxAccount.numbers[0]}"] }
`
  writeFileSync(path, change(text))
  return path
}

suite('serve', () => {
  test('applies its file, sends to the base_url with one request a message, and stops with 0', async () => {
    const apiKey = 'brought-by-the-deployment-0123456789'
    const env = environment('serve.db', { TEXTBRIDGE_CONFIG: writeSetup('serve.yaml'), TEXTBRIDGE_API_KEY: apiKey })
    for (const round of [1, 2]) {
      simulator.clear()
      const service = startTextbridge(['serve'], env)
      const [, url] = await service.printed(/"url":"([^"]+)"/)
      for (const from of [twilioAccount.numbers[0], telnyxAccount.numbers[0]]) {
        const response = await fetch(`${url}/sms/send`, {
          method: 'POST',
          headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
          body: JSON.stringify({ from_phone_number: from, to_phone_number: '+12025550199', message: `round ${round}` }),
        })
        assert.equal(response.status, 200, await response.text())
      }
      assert.deepEqual([simulator.requestCount(), simulator.ledger().length], [2, 2])
      service.child.kill('SIGTERM')
      const { code, stdout } = await service.finished
      assert.equal(code, 0)
      for (const canary of [apiKey, twilioAccount.authToken, telnyxAccount.apiKey, '+12025550199', `round ${round}`])
        assert.ok(!stdout.includes(canary), 'a secret, number or text stands in the log')
    }
  })

  test('a provider call under way ends before the process does', async () => {
    const apiKey = 'brought-by-the-deployment-0123456789'
    const env = environment('term.db', { TEXTBRIDGE_CONFIG: writeSetup('term.yaml'), TEXTBRIDGE_API_KEY: apiKey })
    const service = startTextbridge(['serve'], env)
    const [, url] = await service.printed(/"url":"([^"]+)"/)
    simulator.clear()
    simulator.setLatency(300)
    const sending = fetch(`${url}/sms/send`, {
      method: 'POST',
      headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        from_phone_number: twilioAccount.numbers[0],
        to_phone_number: '+12025550199',
        message: 'x',
      }),
    })
    while (simulator.requestCount() === 0 && simulator.ledger().length === 0) {
      service.child.kill('SIGTERM')
      break
    }
    const [response, { code }] = await Promise.all([sending.catch(() => undefined), service.finished])
    simulator.setLatency(0)
    assert.equal(code, 0)
    // Either it had not been taken (nothing sent) or it was answered to the end.
    assert.equal(response?.status === 200, simulator.ledger().length === 1)
  })

  test('without a key of its own the first start prints one, the second does not', async () => {
    const env = environment('first.db')
    const first = startTextbridge(['serve'], env)
    await first.printed(/"url":/)
    first.child.kill('SIGINT')
    assert.match((await first.finished).stderr, /First API key, shown this once: tb_live_\w{46}/)
    const second = startTextbridge(['serve'], env)
    await second.printed(/"url":/)
    second.child.kill('SIGINT')
    assert.doesNotMatch((await second.finished).stderr, /API key/)
  })

  test('where nobody can sign in yet, logs say which command prints a link, and no link stands in them', async () => {
    const service = startTextbridge(['serve'], environment('no-owner.db'))
    await service.printed(/"url":/)
    service.child.kill('SIGINT')
    const { stdout, stderr } = await service.finished
    assert.match(stdout, /`textbridge users link` prints.*"console\.no_user"/)
    assert.doesNotMatch(stdout + stderr, /#link=/)
  })

  test('a wrong value stops the start with one line that names it', async () => {
    const rows: [Record<string, string>, RegExp][] = [
      [{ TEXTBRIDGE_PORT: '80a0' }, /^textbridge: TEXTBRIDGE_PORT is "80a0"; it must be a number from 1 to 65535\.\n$/],
      [{ TEXTBRIDGE_SECRET_KEY: '' }, /^textbridge: TEXTBRIDGE_SECRET_KEY is not set\. .*\n$/],
      [{ TEXTBRIDGE_SECRET_KEY: 'short' }, /^textbridge: TEXTBRIDGE_SECRET_KEY must be 32 bytes.*\n$/],
      [{ TEXTBRIDGE_API_KEY: 'short' }, /^textbridge: TEXTBRIDGE_API_KEY must have 32.*\n$/],
      [
        { TEXTBRIDGE_CONFIG: '/nowhere.yaml' },
        /^textbridge: The set-up file \/nowhere\.yaml cannot be read \(ENOENT\)\.\n$/,
      ],
      [
        { TEXTBRIDGE_DATABASE_URL: 'sqlite:/etc/hostname/x.db' },
        /^textbridge: The database file .* cannot be opened\..*\n$/,
      ],
      [{ TEXTBRIDGE_HOST: '203.0.113.7' }, /^textbridge: 203\.0\.113\.7 is no address of this machine\..*\n$/],
    ]
    const ends = await Promise.all(
      rows.map(([more], row) => runTextbridge(['serve'], environment(`wrong${row}.db`, more))),
    )
    ends.forEach(({ code, stderr }, row) => {
      assert.equal(code, 1)
      assert.match(stderr.replace(/^First API key.*\n/, ''), rows[row]?.[1] ?? /$^/)
    })
  })
})

suite('apply', () => {
  test('shows the differences, applies them, and has nothing to do the second time', async () => {
    const env = environment('apply.db')
    const file = writeSetup('textbridge.yaml')
    const dry = await runTextbridge(['apply', '-f', file, '--dry-run'], env)
    assert.match(dry.stdout, /\+ assistant Tilly\n[\s\S]*7 changes to apply\. Nothing was changed/)
    assert.match((await runTextbridge(['apply', '-f', file], env)).stdout, /7 changes applied\.\n$/)
    assert.equal((await runTextbridge(['apply', '-f', file], env)).stdout, 'Nothing to change.\n')
    const changed = writeSetup('textbridge.yaml', (text) => text.replace('name: Nell', 'name: Nora'))
    const { stdout } = await runTextbridge(['apply', '-f', changed], env)
    assert.match(stdout, /^\+ assistant Nora\n~ phone number \+12025550143: Nell -> Nora/)
  })

  test('a fault in the file is told with file and line, and changes nothing', async () => {
    const file = writeSetup('broken.yaml', (text) => text.replace('provider_account:', 'provider_acount:'))
    const { code, stderr } = await runTextbridge(['apply', '-f', file], environment('broken.db'))
    assert.equal(code, 1)
    assert.match(stderr, /broken\.yaml: Line 6: provider_acount is not known here/)
  })
})

test('keys are made, listed and revoked', async () => {
  const env = environment('keys.db')
  assert.match((await runTextbridge(['keys', 'list'], env)).stderr, /no organization yet/)
  await runTextbridge(['apply', '-f', writeSetup('keys.yaml')], env)
  const create = (...more: string[]) => runTextbridge(['keys', 'create', '--name', 'ci', '--json', ...more], env)
  const made = await create('--scopes', 'send', '--rate-limit', '100/s')
  const { id, key, scopes, rate_limit } = JSON.parse(made.stdout)
  assert.match(key, /^tb_live_\w{46}$/)
  assert.deepEqual(scopes, ['send'])
  assert.deepEqual(rate_limit, { requests: 100, per: 'second' })
  assert.match(
    (await runTextbridge(['keys', 'list'], env)).stdout,
    new RegExp(`^${id}\\t${key.slice(0, 16)}\\tsend\\tnever\\tnever\\t100/second\\tci$`, 'm'),
  )
  assert.match((await runTextbridge(['keys', 'revoke', String(id)], env)).stdout, /^Revoked tb_live_/)
  assert.deepEqual(JSON.parse((await runTextbridge(['keys', 'list', '--json'], env)).stdout), [])
  assert.equal((await create('--scopes', 'fly')).code, 1)
  for (const { stderr } of await Promise.all([create('--rate-limit', '100/day'), create('--rate-limit', '0/s')]))
    assert.match(stderr, /--rate-limit must be from 1 to 1000000 requests per second, minute, hour/)
  assert.equal((await runTextbridge(['keys', 'revoke', '999'], env)).code, 1)
})

suite('users', () => {
  test('a link makes the first owner, others are added with a link of their own, and all are listed', async () => {
    const env = environment('users.db', { TEXTBRIDGE_PUBLIC_URL: 'https://sms.example.com' })
    const users = (...args: string[]) => runTextbridge(['users', ...args], env)
    assert.match((await users('link')).stderr, /no organization yet/)
    await runTextbridge(['apply', '-f', writeSetup('users.yaml')], env)
    const first = await users('link')
    assert.match(first.stdout, /^https:\/\/sms\.example\.com\/console#link=[\w-]{43}\n$/)
    assert.match(first.stderr, /^Whoever opens it first becomes the owner\. Good once, until 2\S+Z\.\n$/)
    const added = await users('add', '--name', 'Ann', '--role', 'viewer', '--json')
    const { url, user } = JSON.parse(added.stdout)
    assert.match(url, /^https:\/\/sms\.example\.com\/console#link=[\w-]{43}$/)
    assert.deepEqual(user, { id: 1, name: 'Ann', role: 'viewer', has_password: false, last_signed_in_at: null })
    assert.match((await users('link')).stderr, /^It lets Ann in\./)
    await users('add', '--name', 'Ben', '--role', 'owner')
    assert.match((await users('link')).stderr, /several users\. Name one with --user: Ann, Ben\./)
    assert.match((await users('link', '--user', 'ben')).stderr, /^It lets Ben in\./)
    assert.match((await users('link', '--user', 'Zoe')).stderr, /no user called Zoe/)
    assert.equal(
      (await users('list')).stdout,
      'ID\tROLE\tLAST SIGNED IN\tNAME\n1\tviewer\tnever\tAnn\n2\towner\tnever\tBen\n',
    )
  })

  test('what cannot be a user is refused with a sentence', async () => {
    const env = environment('no-users.db')
    await runTextbridge(['apply', '-f', writeSetup('no-users.yaml')], env)
    const add = (name: string, role: string) => runTextbridge(['users', 'add', '--name', name, '--role', role], env)
    assert.match((await add('Ann', 'admin')).stderr, /--role must be one of: viewer, operator, owner\./)
    assert.match((await add(' ', 'owner')).stderr, /name must not be blank\./)
    assert.equal((await add('Ann', 'owner')).code, 0)
    assert.match((await add('ANN', 'owner')).stderr, /already in use/)
  })
})

test('migrate, help and wrong usage have their exit codes', async () => {
  const env = environment('migrate.db')
  assert.equal(
    (await runTextbridge(['migrate'], env)).stdout,
    `Applied: ${migrations.map(({ title }) => title).join(', ')}.\n`,
  )
  assert.equal((await runTextbridge(['migrate'], env)).stdout, 'The schema is up to date.\n')
  assert.equal((await runTextbridge(['--help'], env)).code, 0)
  assert.equal((await runTextbridge(['fly'], env)).code, 2)
})

test('the demo prints curl lines that, pasted, send through both providers and text back', async () => {
  const database = join(folder.path, 'demo', 'textbridge.db')
  const demo = startTextbridge(['demo'], { TEXTBRIDGE_DATABASE_URL: `sqlite:${database}`, TEXTBRIDGE_PORT: '0' })
  const [, carrier] = await demo.printed(/Carrier {6}(\S+)/)
  await demo.printed(/Console {6}http:\/\/127\.0\.0\.1:\d+\/console#link=[\w-]{43}\n/)
  const [printed] = await demo.printed(/curl[\s\S]*sms-conversations.*\n/)
  const lines = printed.split('\n').filter((line) => line.startsWith('curl '))
  const paste = async (line = '') => (await promisify(execFile)('bash', ['-c', line])).stdout
  for (const line of lines.slice(0, 2)) assert.equal(JSON.parse(await paste(line)).success, true)
  assert.match(await paste(lines[2]), /"Hello back"/)
  assert.equal(JSON.parse(await paste(lines[3])).length, 2)
  const ledger = (await (await fetch(`${carrier}/ledger`)).json()) as { messages: { provider: string }[] }
  assert.deepEqual(ledger.messages.map((message) => message.provider).sort(), ['telnyx', 'twilio'])
  assert.equal(statSync(join(folder.path, 'demo', 'demo.json')).mode & 0o777, 0o600)
  demo.child.kill('SIGTERM')
  assert.equal((await demo.finished).code, 0)
})
