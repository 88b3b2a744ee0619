import { Ajv, type ErrorObject } from 'ajv'
import type { FastifySchema, FastifySchemaCompiler } from 'fastify'
import { SmsError } from '../core/errors.ts'
import { isE164 } from '../core/phone-number.ts'

/** How deep JSON may be nested: what is kept is written out and read again by recursion. */
export const depthMax = 20

/**
 * Bodies are taken as they are typed: "1" is not 1. Query and path are text by nature, so there digits become
 * numbers. Unknown members of a body are ignored where its schema does not forbid them.
 */
export function makeValidatorCompiler(): FastifySchemaCompiler<FastifySchema> {
  const options = {
    allErrors: false,
    removeAdditional: false,
    useDefaults: true,
    strict: false,
    verbose: true,
  } as const
  const strict = new Ajv({ ...options, coerceTypes: false })
  const coercing = new Ajv({ ...options, coerceTypes: true })
  for (const ajv of [strict, coercing])
    for (const [name, { accepts }] of formats) ajv.addFormat(name, { type: 'string', validate: accepts })
  return ({ schema, httpPart }) => {
    const validate = (httpPart === 'body' ? strict : coercing).compile(schema)
    return (value: unknown) => {
      const sentence = unstorable(value) ?? (validate(value) ? undefined : sentenceOf(validate.errors?.[0]))
      return sentence === undefined ? true : { error: new SmsError('invalid_request', sentence) }
    }
  }
}

/** For routes that read their body by hand, in words of their own: its schema only documents. */
export function makeValidatorButForBody(): FastifySchemaCompiler<FastifySchema> {
  const compile = makeValidatorCompiler()
  return (route) => (route.httpPart === 'body' ? () => true : compile(route))
}

/** The formats that schemas use, with the sentence for a value that has another one. */
const formats = new Map([
  [
    'e164',
    { accepts: isE164, fault: (name: string) => `Invalid ${name} format. Use E.164 format (e.g., +1234567890)` },
  ],
  ['uri', { accepts: isHttpUrl, fault: (name: string) => `${name} must be an http(s) URL.` }],
  ['date-time', { accepts: isInstant, fault: (name: string) => `${name} must be a time as in 2027-01-31T12:00:00Z.` }],
])

function isHttpUrl(text: string): boolean {
  const url = URL.parse(text)
  return url !== null && /^https?:$/.test(url.protocol)
}

function isInstant(text: string): boolean {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/.test(text) && !Number.isNaN(Date.parse(text))
}

/** What no database keeps unchanged. */
function unstorable(value: unknown, depth = 0): string | undefined {
  if (typeof value === 'string')
    return value.isWellFormed() && !value.includes('\0')
      ? undefined
      : 'The request contains a NUL character or half of a surrogate pair.'
  if (typeof value !== 'object' || value === null) return undefined
  if (depth === depthMax) return `The request body is nested more than ${depthMax} levels deep.`
  for (const [name, member] of Object.entries(value)) {
    const fault = unstorable(name) ?? unstorable(member, depth + 1)
    if (fault !== undefined) return fault
  }
  return undefined
}

function sentenceOf(problem: ErrorObject | undefined): string {
  if (problem === undefined) return 'The request is not valid.'
  const name = nameOf(problem.instancePath)
  const { keyword, params, parentSchema } = problem
  const format = formats.get(String(parentSchema?.format))
  switch (keyword) {
    case 'required':
      return `${name === wholeBody ? '' : `${name}.`}${params.missingProperty} is required.`
    case 'type':
      return `${name} must be ${typeWords[String(params.type)] ?? params.type}.`
    case 'enum':
      return `${name} must be one of: ${params.allowedValues.join(', ')}.`
    case 'minLength':
      return `${name} must not be empty.`
    case 'maxLength':
      return `${name} must have at most ${params.limit} characters.`
    case 'minItems':
      return `${name} must have at least ${params.limit} ${params.limit === 1 ? 'entry' : 'entries'}.`
    case 'maxItems':
    case 'maxProperties':
      return `${name} must have at most ${params.limit} entries.`
    case 'additionalProperties':
      return `${name === wholeBody ? '' : `${name}.`}${params.additionalProperty} is not known here; there is: ${Object.keys(parentSchema?.properties ?? {}).join(', ')}.`
    case 'exclusiveMinimum':
      return `${name} must be more than ${params.limit}.`
    case 'uniqueItems':
      return `${name} must not have an entry twice.`
    case 'minimum':
      return `${name} must be at least ${params.limit}.`
    case 'maximum':
      return `${name} must be at most ${params.limit}.`
    case 'pattern':
    case 'format':
      return format?.fault(name) ?? `${name} ${params.pattern === '\\S' ? 'must not be blank' : 'is malformed'}.`
    default:
      return `${name} ${problem.message ?? 'is not valid'}.`
  }
}

const wholeBody = 'The request body'

const typeWords: Readonly<Record<string, string>> = {
  string: 'a string',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  object: 'a JSON object',
  array: 'a JSON array',
}

/** `/custom_settings/tags/0` as `custom_settings.tags[0]`. */
function nameOf(instancePath: string): string {
  if (instancePath === '') return wholeBody
  return instancePath
    .slice(1)
    .split('/')
    .map((step, index) => (/^\d+$/.test(step) ? `[${step}]` : index === 0 ? step : `.${step}`))
    .join('')
}
