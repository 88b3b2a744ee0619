import { Ajv } from 'ajv'
import type { FastifySchema, FastifySchemaCompiler } from 'fastify'

/**
 * Bodies are taken as they are typed: "1" is not 1. Query and path are text by nature, so there digits become
 * numbers. Unknown members of a body are ignored where its schema does not forbid them.
 */
export function makeValidatorCompiler(): FastifySchemaCompiler<FastifySchema> {
  const options = { allErrors: false, removeAdditional: false, useDefaults: true, strict: false } as const
  const strict = new Ajv({ ...options, coerceTypes: false })
  const coercing = new Ajv({ ...options, coerceTypes: true })
  for (const ajv of [strict, coercing]) ajv.addFormat('date-time', true)
  return ({ schema, httpPart }) => (httpPart === 'body' ? strict : coercing).compile(schema)
}
