import { Readable } from 'node:stream'
import { Type } from 'typebox'
import { SmsError } from '../../core/errors.ts'
import { parseE164 } from '../../core/phone-number.ts'
import { isTimeZone } from '../../core/time-zone.ts'
import { type ErasePersonParts, erasePerson } from '../../use-cases/erase-person.ts'
import { exportPerson } from '../../use-cases/export-person.ts'
import { actorOf, callerOf } from '../auth.ts'
import type { App } from '../fastify.ts'
import { type ManagementParts, orNotFound } from '../management.ts'
import { writePersonExport } from '../person-export.ts'
import type { ReadingParts } from '../reading.ts'
import { bodyErrors, phoneNumberPath, setupErrors } from '../schemas/common.ts'
import {
  erasedPersonBodyOf,
  erasedPersonSchema,
  personExportExample,
  personExportSchema,
  personSchema,
  personUpdateSchema,
} from '../schemas/people.ts'

export type PeopleRouteParts = ManagementParts & ReadingParts & Omit<ErasePersonParts, 'store'>

const path = '/api/v1/people/:phone_number'
const tags = ['people']
const nobody = 'Nothing is stored about this number.'
const badZone = 'time_zone must be the name of an IANA time zone (e.g., America/Chicago).'
const badNumber = {
  400: ['invalid_request', 'Invalid phone_number format. Use E.164 format (e.g., +1234567890)'],
} as const

export function registerPeopleRoutes(app: App, parts: PeopleRouteParts): void {
  registerExport(app, parts)
  registerZone(app, parts)
  registerErasure(app, parts)
}

function registerExport(app: App, parts: PeopleRouteParts): void {
  app.get(
    path,
    {
      config: { scopes: ['read', 'manage'] },
      schema: {
        operationId: 'exportPerson',
        summary: 'Everything that is stored about a person',
        description: 'One JSON document, written as it is read: it may be large.',
        tags,
        params: phoneNumberPath,
        response: {
          200: {
            description: 'What there is, up to this request.',
            content: {
              'application/json': { schema: Type.Unsafe<Readable>(personExportSchema), example: personExportExample },
            },
          },
          ...setupErrors('read or manage', { ...badNumber, 404: ['not_found', nobody] }),
        },
      },
    },
    async (request, reply) => {
      const { organizationId } = callerOf(request)
      const person = parseE164(request.params.phone_number)
      const exported = orNotFound(await exportPerson(parts.store, { organizationId, person }), nobody)
      reply.header('content-type', 'application/json; charset=utf-8').header('cache-control', 'no-store')
      return reply.send(Readable.from(writePersonExport(parts, { person, exported })))
    },
  )
}

function registerZone(app: App, { store, clock }: PeopleRouteParts): void {
  app.patch(
    path,
    {
      config: { scopes: ['operate', 'manage'] },
      schema: {
        operationId: 'updatePerson',
        summary: 'Say in which time zone a person is',
        description: 'For quiet hours, which else go by the number. `null` forgets it.',
        tags,
        params: phoneNumberPath,
        body: personUpdateSchema,
        response: {
          200: personSchema,
          ...setupErrors('operate or manage', { ...bodyErrors, 400: ['invalid_request', badZone] }),
        },
      },
    },
    async (request) => {
      const { organizationId } = callerOf(request)
      const person = parseE164(request.params.phone_number)
      const timeZone = request.body.time_zone ?? undefined
      if (timeZone !== undefined && !isTimeZone(timeZone)) throw new SmsError('invalid_request', badZone)
      await store.people.setTimeZone({ organizationId, person }, { timeZone, at: clock.now() })
      return { phone_number: person, time_zone: timeZone ?? null }
    },
  )
}

function registerErasure(app: App, parts: PeopleRouteParts): void {
  app.delete(
    path,
    {
      config: { scopes: ['manage'] },
      schema: {
        operationId: 'erasePerson',
        summary: 'Remove everything that is stored about a person',
        description:
          'What waits to be sent to them is canceled first. Their opt-outs stay (number, date, source), without what shows ' +
          'them. It takes a while where there is much; asked again, it goes on. The audit log keeps that it was done, ' +
          'without the number.',
        tags,
        params: phoneNumberPath,
        response: {
          200: erasedPersonSchema,
          ...setupErrors('manage', {
            ...badNumber,
            409: [
              'conflict',
              'A text to this person is being sent, or nobody knows yet whether it was. Ask again in a minute.',
            ],
          }),
        },
      },
    },
    async (request) => {
      const caller = callerOf(request)
      const person = parseE164(request.params.phone_number)
      return erasedPersonBodyOf(
        await erasePerson(parts, { organizationId: caller.organizationId, person, actor: actorOf(caller) }),
      )
    },
  )
}
