import { Command, CommanderError } from 'commander'
import { migrate, type RunningApp } from '../app.ts'
import { parseConfig } from '../config/config.ts'
import type { Env } from '../config/env.ts'
import { parseDatabaseUrl } from '../config/secrets.ts'
import { SmsError } from '../core/errors.ts'
import { runApply } from './apply.ts'
import { startDemo } from './demo.ts'
import { runDoctor } from './doctor.ts'
import { createKey, listKeys, revokeKey } from './keys.ts'
import type { Output } from './output.ts'
import { resumeHeldQueue, showQueue } from './queue.ts'
import { startServe } from './serve.ts'
import { addUser, listUsers, printSignInLink } from './users.ts'

export type ProgramParts = {
  readonly env: Env
  readonly output: Output
  readonly version: string
  /** Resolves when the process is told to stop. */
  readonly stopped: Promise<void>
}

/** @returns the exit code: 0 done, 1 it failed (one line says why), 2 wrong usage. */
export async function runProgram(args: readonly string[], parts: ProgramParts): Promise<number> {
  try {
    await makeProgram(parts).parseAsync([...args], { from: 'user' })
    return 0
  } catch (error) {
    // Commander has printed its own message by then.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    if (!(error instanceof SmsError)) throw error
    parts.output.note(`textbridge: ${error.message}`)
    return 1
  }
}

function makeProgram(parts: ProgramParts): Command {
  const { env, output, stopped } = parts
  const program = new Command('textbridge')
    .description('The safe send path between AI assistants and phone networks.')
    .version(parts.version)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => output.line(text.trimEnd()),
      writeErr: (text) => output.note(text.trimEnd()),
    })

  const runUntilStopped = async (start: (parts: ProgramParts) => Promise<RunningApp>) => {
    const app = await start(parts)
    await stopped
    await app.close()
  }

  program
    .command('serve')
    .description('run the service, configured by TEXTBRIDGE_* variables')
    .addHelpText('after', '\nListens on 127.0.0.1:3000 unless TEXTBRIDGE_HOST and TEXTBRIDGE_PORT say otherwise.')
    .action(() => runUntilStopped(startServe))
  program
    .command('demo')
    .description('run the service with demo data and a local carrier; nothing leaves the machine')
    .action(() => runUntilStopped(startDemo))
  program
    .command('migrate')
    .description('bring the database schema up to date')
    .action(async () => {
      const applied = await migrate({ config: parseConfig(env), secrets: parseDatabaseUrl(env) })
      output.line(applied.length === 0 ? 'The schema is up to date.' : `Applied: ${applied.join(', ')}.`)
    })
  program
    .command('apply')
    .description('show what differs from a set-up file, then change it')
    .requiredOption('-f, --file <path>', 'the set-up file, e.g. textbridge.yaml')
    .option('--dry-run', 'show the differences only', false)
    .action((options: { file: string; dryRun: boolean }) => runApply(parts, options))

  program
    .command('doctor')
    .description('ask the providers about accounts, numbers and webhooks, and say what to fix; show what policy is off')
    .option('--organization <name>', 'needed when there are several')
    .option('--json', 'print JSON')
    .action((options) => runDoctor(parts, options))

  const keys = program.command('keys').description('API keys')
  keys
    .command('create')
    .description('make an API key and print it, this once')
    .requiredOption('--name <name>', 'what it is for')
    .option('--scopes <list>', 'send,read,operate,manage (default: all)')
    .option('--expires <date>', 'e.g. 2027-01-31')
    .option('--rate-limit <limit>', 'requests per second, minute or hour, e.g. 100/second (default: none)')
    .option('--organization <name>', 'needed when there are several')
    .option('--json', 'print JSON')
    .action((options) => createKey(parts, options))
  keys
    .command('list')
    .description('list the keys that are not revoked')
    .option('--organization <name>', 'needed when there are several')
    .option('--json', 'print JSON')
    .action((options) => listKeys(parts, options))
  keys
    .command('revoke')
    .description('revoke a key by its id')
    .argument('<id>', 'as `keys list` shows it')
    .option('--organization <name>', 'needed when there are several')
    .action((id: string, options: { organization?: string }) => revokeKey(parts, { id, ...options }))

  const users = program.command('users').description('people who sign in to the console')
  users
    .command('link')
    .description('print a link that lets somebody in, once and within 15 minutes; the first one makes the owner')
    .option('--user <name>', 'needed when there are several')
    .option('--organization <name>', 'needed when there are several')
    .option('--json', 'print JSON')
    .action((options) => printSignInLink(parts, options))
  users
    .command('add')
    .description('add somebody, and print the link by which they choose their password')
    .requiredOption('--name <name>', 'an e-mail address, or any other name')
    .requiredOption('--role <role>', 'viewer, operator or owner')
    .option('--organization <name>', 'needed when there are several')
    .option('--json', 'print JSON')
    .action((options) => addUser(parts, options))
  users
    .command('list')
    .description('list who can sign in')
    .option('--organization <name>', 'needed when there are several')
    .option('--json', 'print JSON')
    .action((options) => listUsers(parts, options))

  program
    .command('queue')
    .description('whether the queue is held, after a restore or a long stop')
    .option('--json', 'print JSON')
    .action((options: { json?: boolean }) => showQueue(parts, options))
    .command('resume')
    .description('let a held queue go on')
    .action(() => resumeHeldQueue(parts))
  return program
}
