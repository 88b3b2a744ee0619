import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { parseSetupFile } from '../../src/cli/setup-file.ts'
import { knownVariables } from '../../src/config/config.ts'
import { type Running, startProcess, startTextbridge, temporaryFolder } from '../support/process.ts'
import { at } from '../support/service-client.ts'

const project = new URL('../../', import.meta.url).pathname
const readme = readFileSync(join(project, 'README.md'), 'utf8')
const folder = temporaryFolder()

/** Each program as it is printed under its heading, and how a person would run it. `probe` succeeds where that is possible. */
const programs: readonly {
  readonly heading: string
  readonly language: string
  readonly command: string
  readonly probe: readonly string[]
  readonly args: (code: string) => readonly string[]
}[] = [
  { heading: 'curl', language: 'sh', command: 'sh', probe: ['-c', 'curl --version'], args: (code) => ['-c', code] },
  {
    heading: 'Node, axios',
    language: 'js',
    command: process.execPath,
    probe: ['--version'],
    // Code given this way finds axios from the working directory, the project's own.
    args: (code) => ['--input-type=module', '--eval', code],
  },
  {
    heading: 'Python, requests',
    language: 'python',
    command: 'python3',
    probe: ['-c', 'import requests'],
    args: (code) => ['-c', code],
  },
  {
    heading: 'PHP, curl',
    language: 'php',
    command: 'php',
    probe: ['-r', 'exit(function_exists("curl_init") ? 0 : 1);'],
    args: (code) => {
      const file = join(folder.path, 'send.php')
      writeFileSync(file, code)
      return [file]
    },
  },
]

type Demo = { readonly running: Running; readonly url: string; readonly carrierUrl: string; readonly apiKey: string }
let demo: Demo
const numbers = { twilio: '+12025550142', telnyx: '+12025550143' } as const

before(async () => {
  const TEXTBRIDGE_DATABASE_URL = `sqlite:${join(folder.path, 'textbridge.db')}`
  const running = startTextbridge(['demo'], { TEXTBRIDGE_DATABASE_URL, TEXTBRIDGE_PORT: '0' })
  const [, url = '', carrierUrl = '', apiKey = ''] = await running.printed(
    /Textbridge +(\S+)[\s\S]*Carrier +(\S+)[\s\S]*API key +(\S+)/,
  )
  demo = { running, url, carrierUrl, apiKey }
})
after(async () => {
  demo.running.child.kill('SIGTERM')
  await demo.running.finished
  folder.remove()
})

suite('the programs of the README, as they are printed', () => {
  for (const program of programs) {
    const { heading, command, probe } = program
    const isHere = spawnSync(command, [...probe]).status === 0
    if (!isHere) {
      test(`${heading}: NOT RUN, this machine has no ${command} that can ("${command} ${probe.join(' ')}" fails)`, (t) => {
        t.diagnostic(`${heading}: not run`)
        assert.notEqual(codeOf(program), '')
      })
      continue
    }
    for (const [provider, number] of Object.entries(numbers))
      test(`${heading}: sends through ${provider}`, async () => {
        const { code, stdout, stderr } = await run(program, number)
        assert.equal(code, 0, stderr)
        const sent = (await ledger()).find((message) => at(message, 'from') === number)
        assert.match(String(at(sent, 'body')), /^Hello from \w+$/)
        for (const word of [provider, String(at(sent, 'id'))]) assert.ok(stdout.includes(word), stdout)
      })
    test(`${heading}: shows the detail of a refusal`, async () => {
      const { code, stdout, stderr } = await run(program, '+1234567890')
      // curl shows the whole answer and, as printed, does not mind its status.
      const shown = heading === 'curl' ? stdout : stderr
      assert.match(shown, /No assistant found for phone number \+1234567890/)
      assert.equal(code, heading === 'curl' ? 0 : 1)
    })
  }
})

test('the textbridge.yaml of the README is one that can be applied', () => {
  const names = { TWILIO_AUTH_TOKEN: 'token', TELNYX_API_KEY: 'key', TELNYX_PUBLIC_KEY: 'public' }
  const setup = parseSetupFile(blockOf('yaml', readme), names)
  assert.deepEqual(
    setup.providerAccounts.map(({ provider }) => provider),
    ['twilio', 'telnyx'],
  )
  assert.deepEqual(setup.assistants[0]?.phoneNumbers, ['+1234567890'])
})

test('the README documents every variable and no other', () => {
  const rows = readme.split('\n').filter((line) => line.startsWith('| `TEXTBRIDGE_'))
  const documented = rows.flatMap((row) => (row.split('|')[1] ?? '').match(/TEXTBRIDGE_\w+/g) ?? [])
  assert.deepEqual(documented.sort(), [...knownVariables].sort())
})

type Program = (typeof programs)[number]

async function run(program: Program, from: string) {
  await fetch(`${demo.carrierUrl}/ledger`, { method: 'DELETE' })
  return startProcess(program.command, program.args(codeOf(program)), {
    HOME: process.env.HOME ?? '',
    TEXTBRIDGE_URL: demo.url,
    TEXTBRIDGE_API_KEY: demo.apiKey,
    FROM: from,
    TO: '+12025550199',
  }).finished
}

async function ledger(): Promise<readonly unknown[]> {
  const body: unknown = await (await fetch(`${demo.carrierUrl}/ledger`)).json()
  const messages = at(body, 'messages')
  return Array.isArray(messages) ? messages : []
}

function codeOf({ heading, language }: Program): string {
  const start = readme.indexOf(`<b>${heading}</b>`)
  assert.ok(start > 0, `the README has no program called ${heading}`)
  return blockOf(language, readme.slice(start, readme.indexOf('</details>', start)))
}

/** The first fenced block of the language. */
function blockOf(language: string, text: string): string {
  return new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'm').exec(text)?.[1] ?? ''
}
