import { Type } from 'typebox'
import { makePauses, type PauseOrder } from '../../use-cases/set-pause.ts'
import { actorOf, type Caller, callerOf } from '../auth.ts'
import type { App } from '../fastify.ts'
import type { ManagementParts } from '../management.ts'
import { bodyOf } from '../phone-number-bodies.ts'
import { assistantBodyOf, assistantSchema } from '../schemas/assistants.ts'
import { bodyErrors, idSchema, setupErrors } from '../schemas/common.ts'
import { organizationBodyOf, organizationSchema } from '../schemas/organization.ts'
import { pauseSchema } from '../schemas/pauses.ts'
import { phoneNumberSchema } from '../schemas/phone-numbers.ts'
import { accountBodyOf, accountSchema } from '../schemas/provider-accounts.ts'

export type PauseRouteParts = ManagementParts & {
  /** Makes the loops of this process look for work at once. */
  readonly wakeJobs: () => void
}

const turns = [
  {
    verb: 'pause',
    paused: true,
    does: 'Hold',
    says: 'Nothing is lost: held texts leave, in order, when it is resumed.',
  },
  {
    verb: 'resume',
    paused: false,
    does: 'Let go on',
    says: 'What was held leaves now, at its pace and under the policy of now.',
  },
] as const
type Turn = (typeof turns)[number]

/** All of it may be left out, so the body too. */
const bodyMayBeAbsent = {
  preValidation: async (request: { body: unknown }) => {
    request.body ??= {}
  },
}

export function registerPauseRoutes(app: App, parts: PauseRouteParts): void {
  for (const turn of turns) {
    registerOrganization(app, parts, turn)
    registerAssistant(app, parts, turn)
    registerPhoneNumber(app, parts, turn)
    registerProviderAccount(app, parts, turn)
  }
}

function registerOrganization(app: App, parts: PauseRouteParts, turn: Turn): void {
  app.post(
    `/api/v1/organization/${turn.verb}`,
    {
      config: { scopes: ['operate', 'manage'] },
      ...bodyMayBeAbsent,
      schema: {
        ...texts(turn, 'Organization', 'everything that the organization sends', 'organization'),
        body: pauseSchema,
        response: { 200: organizationSchema, ...setupErrors('operate or manage', bodyErrors) },
      },
    },
    async (request) => {
      const organization = await makePauses(parts).organization(orderOf(callerOf(request), turn, request.body))
      finish(parts, turn)
      return organizationBodyOf(organization)
    },
  )
}

function registerAssistant(app: App, parts: PauseRouteParts, turn: Turn): void {
  app.post(
    `/api/v1/assistants/:assistant_id/${turn.verb}`,
    {
      config: { scopes: ['operate', 'manage'] },
      ...bodyMayBeAbsent,
      schema: {
        ...texts(turn, 'Assistant', 'what an assistant sends', 'assistants'),
        params: Type.Object({ assistant_id: idSchema }),
        body: pauseSchema,
        response: { 200: assistantSchema, ...errorsWith('No assistant has this id.') },
      },
    },
    async (request) => {
      const order = { ...orderOf(callerOf(request), turn, request.body), id: request.params.assistant_id }
      const assistant = await makePauses(parts).assistant(order)
      finish(parts, turn)
      return assistantBodyOf(assistant)
    },
  )
}

function registerPhoneNumber(app: App, parts: PauseRouteParts, turn: Turn): void {
  app.post(
    `/api/v1/assistants/organization/phone-numbers/:phone_number_id/${turn.verb}`,
    {
      config: { scopes: ['operate', 'manage'] },
      ...bodyMayBeAbsent,
      schema: {
        ...texts(turn, 'PhoneNumber', 'what is sent from a phone number', 'phone numbers'),
        params: Type.Object({ phone_number_id: idSchema }),
        body: pauseSchema,
        response: { 200: phoneNumberSchema, ...errorsWith('No phone number has this id.') },
      },
    },
    async (request) => {
      const order = { ...orderOf(callerOf(request), turn, request.body), id: request.params.phone_number_id }
      const sender = await makePauses(parts).sender(order)
      finish(parts, turn)
      return bodyOf(parts.store, sender)
    },
  )
}

function registerProviderAccount(app: App, parts: PauseRouteParts, turn: Turn): void {
  app.post(
    `/api/v1/provider-accounts/:account_id/${turn.verb}`,
    {
      config: { scopes: ['operate', 'manage'] },
      ...bodyMayBeAbsent,
      schema: {
        ...texts(turn, 'ProviderAccount', 'what is sent through a provider account', 'provider accounts'),
        params: Type.Object({ account_id: idSchema }),
        body: pauseSchema,
        response: { 200: accountSchema, ...errorsWith('No provider account has this id.') },
      },
    },
    async (request) => {
      const order = { ...orderOf(callerOf(request), turn, request.body), id: request.params.account_id }
      const account = await makePauses(parts).account(order)
      finish(parts, turn)
      return accountBodyOf(account)
    },
  )
}

function texts({ verb, does, says }: Turn, name: string, what: string, tag: string) {
  return { operationId: `${verb}${name}`, summary: `${does} ${what}`, description: says, tags: [tag] }
}

function errorsWith(sentence: string) {
  return setupErrors('operate or manage', { ...bodyErrors, 404: ['not_found', sentence] })
}

function orderOf(caller: Caller, { paused }: Turn, { reason }: { readonly reason?: string | null }): PauseOrder {
  return { organizationId: caller.organizationId, paused, actor: actorOf(caller), ...(reason ? { reason } : {}) }
}

function finish({ changed, wakeJobs }: PauseRouteParts, { paused }: Turn): void {
  changed()
  if (!paused) wakeJobs()
}
