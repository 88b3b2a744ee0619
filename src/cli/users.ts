import { parseConfig } from '../config/config.ts'
import type { Env } from '../config/env.ts'
import { SmsError } from '../core/errors.ts'
import { nameKeyOf, type User, type UserRole, userRoles } from '../core/user.ts'
import { createUser } from '../use-cases/change-user.ts'
import { commandLine } from '../use-cases/create-api-key.ts'
import { addressOfLink, type MadeLink, makeSignInLink } from '../use-cases/sign-in-link.ts'
import type { Output } from './output.ts'
import { chooseOrganization, type Session, withSession } from './session.ts'

type Parts = { readonly env: Env; readonly output: Output }

export function listUsers(
  { env, output }: Parts,
  options: { readonly organization?: string; readonly json?: boolean },
): Promise<void> {
  return withSession(env, async ({ store }) => {
    const { id } = await chooseOrganization(store, options.organization)
    const users = (await store.users.list(id)).map(shown)
    if (options.json) return output.line(JSON.stringify(users))
    output.line(['ID', 'ROLE', 'LAST SIGNED IN', 'NAME'].join('\t'))
    for (const user of users) output.line([user.id, user.role, user.last_signed_in_at ?? 'never', user.name].join('\t'))
  })
}

export function addUser(
  { env, output }: Parts,
  options: { readonly name: string; readonly role: string; readonly organization?: string; readonly json?: boolean },
): Promise<void> {
  const role = parseRole(options.role)
  return withSession(env, async (session) => {
    const { id: organizationId } = await chooseOrganization(session.store, options.organization)
    const user = await createUser(session, { organizationId, name: options.name, role, actor: commandLine })
    const link = await makeSignInLink(session, { organizationId, user, setsPassword: true, actor: commandLine })
    printLink({ env, output }, { link, user, json: options.json })
  })
}

/** For whoever has the terminal: also the way back in when nobody knows a password any more. */
export function printSignInLink(
  { env, output }: Parts,
  options: { readonly user?: string; readonly organization?: string; readonly json?: boolean },
): Promise<void> {
  return withSession(env, async (session) => {
    const { id: organizationId } = await chooseOrganization(session.store, options.organization)
    const user = await chooseUser(session, { organizationId, name: options.user })
    const link = await makeSignInLink(session, {
      organizationId,
      ...(user === undefined ? {} : { user }),
      setsPassword: false,
      actor: commandLine,
    })
    printLink({ env, output }, { link, user, json: options.json })
  })
}

const usersShownMax = 20

/** Undefined for the first owner, while the organization has no users. @throws SmsError `invalid_request` */
async function chooseUser(
  { store }: Session,
  { organizationId, name }: { readonly organizationId: number; readonly name: string | undefined },
): Promise<User | undefined> {
  const users = await store.users.list(organizationId)
  if (name !== undefined) {
    const found = users.find((user) => nameKeyOf(user.name) === nameKeyOf(name))
    if (found === undefined) throw new SmsError('invalid_request', `There is no user called ${name}.`)
    return found
  }
  if (users.length > 1) {
    const names = users.slice(0, usersShownMax).map((user) => user.name)
    throw new SmsError('invalid_request', `There are several users. Name one with --user: ${names.join(', ')}.`)
  }
  return users[0]
}

function printLink(
  { env, output }: Parts,
  {
    link,
    user,
    json = false,
  }: { readonly link: MadeLink; readonly user: User | undefined; readonly json?: boolean | undefined },
): void {
  const url = addressOfLink(parseConfig(env).publicUrl, link.token)
  const expiresAt = new Date(link.expiresAt).toISOString()
  if (json) {
    output.line(JSON.stringify({ url, expires_at: expiresAt, user: user === undefined ? null : shown(user) }))
    return
  }
  output.line(url)
  output.note(
    user === undefined
      ? `Whoever opens it first becomes the owner. Good once, until ${expiresAt}.`
      : `It lets ${user.name} in. Good once, until ${expiresAt}; give it to nobody else.`,
  )
}

function shown(user: User) {
  return {
    id: user.id,
    name: user.name,
    role: user.role,
    has_password: user.passwordHash !== undefined,
    last_signed_in_at: user.lastSignedInAt === undefined ? null : new Date(user.lastSignedInAt).toISOString(),
  }
}

function parseRole(text: string): UserRole {
  const role = userRoles.find((candidate) => candidate === text)
  if (role === undefined) throw new SmsError('invalid_request', `--role must be one of: ${userRoles.join(', ')}.`)
  return role
}
