import type { Readable } from 'node:stream'
import { type TSchema, Type } from 'typebox'
import { errorBodyCodes } from '../errors.ts'

/** The body of every error answer. */
export const errorSchema = Type.Object(
  {
    detail: Type.String({ description: 'One sentence: the cause, and the cure where there is one.' }),
    code: Type.String({ enum: [...errorBodyCodes], description: 'For programs; a closed list.' }),
    retryable: Type.Optional(Type.Boolean({ description: 'The same request may be repeated as it is.' })),
  },
  { title: 'Error', additionalProperties: true },
)

/** The error answers that a route can give, by status, with an example sentence each. */
export function errorAnswers(examples: Readonly<Record<number, readonly [code: string, detail: string]>>) {
  return Object.fromEntries(
    Object.entries(examples).map(([status, [code, detail]]) => [
      status,
      { ...errorSchema, 'x-response-description': detail, examples: [{ detail, code }] },
    ]),
  )
}

/** What every route behind an API key can answer beside its own errors. */
export const commonErrors = {
  401: ['unauthorized', 'Authentication required. Provide a valid API key.'],
  403: ['forbidden', 'This API key may not do that: it needs the scope send. Use another key, or change its scopes.'],
  429: [
    'rate_limited',
    'This API key may make 100 requests per second, and has made them. Nothing was done; try again in 1 s.',
  ],
  503: ['unavailable', 'The database does not answer. Nothing was changed; try again.'],
} as const satisfies Record<number, readonly [string, string]>

/** What every route of the set-up can answer; `scope` as the sentence of a 403 has it. */
export function setupErrors(
  scope: 'manage' | 'operate or manage' | 'read or manage',
  own: Readonly<Record<number, readonly [code: string, detail: string]>> = {},
) {
  return errorAnswers({
    ...commonErrors,
    403: [
      'forbidden',
      `This API key may not do that: it needs the scope ${scope}. Use another key, or change its scopes.`,
    ],
    500: ['internal', 'Something went wrong in Textbridge. The log has the details.'],
    ...own,
  })
}

/** What a route with a body can answer to a body that it cannot take. */
export const bodyErrors = {
  400: ['invalid_request', 'The request body must be a JSON object.'],
  413: ['body_too_large', 'The request body is larger than 65536 bytes. Send less in one request.'],
  415: ['unsupported_media_type', 'Send the body as JSON, with the header Content-Type: application/json.'],
} as const satisfies Record<number, readonly [string, string]>

export function nullable<T extends TSchema>(schema: T) {
  return Type.Union([schema, Type.Null()])
}

export const numberExample = '+1234567890'

export function e164Schema(description: string) {
  return Type.String({ format: 'e164', pattern: '^\\+[1-9]\\d{1,14}$', description, examples: [numberExample] })
}

/** A phone number in a path; its `+` may stand as it is or as %2B. */
export const phoneNumberPath = Type.Object({ phone_number: e164Schema('E.164; the + as %2B, or as it is.') })

export const nameLengthMax = 200
export const nameSchema = Type.String({ minLength: 1, maxLength: nameLengthMax, pattern: '\\S' })

/** The published API's answer to changes that return nothing of their own. */
export function resultSchema(message: string) {
  return Type.Object(
    { success: Type.Boolean(), message: Type.String() },
    { title: 'Result', examples: [{ success: true, message }] },
  )
}

/** An answer that is written piece by piece. */
export const fileSchema = Type.Unsafe<Readable>(Type.String())

export const skipMax = 1_000_000_000
export const limitMax = 1_000

/** `skip` and `limit` as the published API has them. */
export const pageQuery = {
  skip: Type.Integer({ minimum: 0, maximum: skipMax, default: 0 }),
  limit: Type.Integer({ minimum: 1, maximum: limitMax, default: 100 }),
}

/** A row id. */
export const idSchema = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER, examples: [1] })

export const timeSchema = Type.String({ format: 'date-time', description: 'RFC 3339, UTC.' })

/** Unix milliseconds as RFC 3339. */
export function timeOf(ms: number): string {
  return new Date(ms).toISOString()
}
