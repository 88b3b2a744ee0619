import { Type } from 'typebox'
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
      { ...errorSchema, description: detail, examples: [{ detail, code }] },
    ]),
  )
}

/** What every route behind an API key can answer beside its own errors. */
export const commonErrors = {
  401: ['unauthorized', 'Authentication required. Provide a valid API key.'],
  403: ['forbidden', 'This API key may not do that: it needs the scope send. Use another key, or change its scopes.'],
  503: ['unavailable', 'The database does not answer. Nothing was changed; try again.'],
} as const satisfies Record<number, readonly [string, string]>

export const skipMax = 1_000_000_000
export const limitMax = 1_000

/** `skip` and `limit` as the published API has them. */
export const pageQuery = {
  skip: Type.Integer({ minimum: 0, maximum: skipMax, default: 0 }),
  limit: Type.Integer({ minimum: 1, maximum: limitMax, default: 100 }),
}

/** A row id in a path. */
export const idSchema = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER })

export const timeSchema = Type.String({ format: 'date-time', description: 'RFC 3339, UTC.' })

/** Unix milliseconds as RFC 3339. */
export function timeOf(ms: number): string {
  return new Date(ms).toISOString()
}
