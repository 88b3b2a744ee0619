import { readFileSync } from 'node:fs'
import type { Env } from '../config/env.ts'
import { SmsError } from '../core/errors.ts'
import { planSetup, type SetupPlan } from '../use-cases/apply-setup.ts'
import type { Output } from './output.ts'
import { type Session, withSession } from './session.ts'
import { parseSetupFile } from './setup-file.ts'

/** Shows what differs from the file and, unless it is a dry run, changes it. */
export function runApply(
  { env, output }: { readonly env: Env; readonly output: Output },
  options: { readonly file: string; readonly dryRun: boolean },
): Promise<void> {
  return withSession(env, async (session) => {
    const plan = await planFromFile(session, { file: options.file, env })
    for (const change of plan.changes) output.line(`${change.sign} ${change.text}`)
    if (plan.changes.length === 0) return output.line('Nothing to change.')
    if (options.dryRun) return output.line(`${countOf(plan)} to apply. Nothing was changed (--dry-run).`)
    await plan.apply()
    return output.line(`${countOf(plan)} applied.`)
  })
}

/** @throws SmsError naming the file, and the line where there is one. */
export async function planFromFile(
  session: Session,
  { file, env }: { readonly file: string; readonly env: Env },
): Promise<SetupPlan & { readonly organization: string }> {
  const text = readText(file)
  try {
    const setup = parseSetupFile(text, env)
    return { ...(await planSetup(session, setup)), organization: setup.organization }
  } catch (error) {
    if (error instanceof SmsError) throw new SmsError(error.code, `${file}: ${error.message}`)
    throw error
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? ` (${String(cause.code)})` : ''
    throw new SmsError('invalid_request', `The set-up file ${file} cannot be read${code}.`, { cause })
  }
}

function countOf(plan: SetupPlan): string {
  return plan.changes.length === 1 ? '1 change' : `${plan.changes.length} changes`
}
