/** Writes src/api-types.ts from docs/openapi.json: what the console may ask, and what it is answered. */
import { readFileSync, writeFileSync } from 'node:fs'

type Schema = {
  readonly $ref?: string
  readonly anyOf?: readonly Schema[]
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly type?: string
  readonly items?: Schema
  readonly properties?: Readonly<Record<string, Schema>>
  readonly patternProperties?: Readonly<Record<string, Schema>>
  readonly additionalProperties?: Schema | boolean
  readonly required?: readonly string[]
}
type Content = { readonly content?: Readonly<Record<string, { readonly schema?: Schema }>> }
type Parameter = { readonly in: string; readonly name: string; readonly required?: boolean; readonly schema: Schema }
type Operation = {
  readonly parameters?: readonly Parameter[]
  readonly requestBody?: Content
  readonly responses: Readonly<Record<string, Content>>
}
type Document = {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> }
}

export function apiTypesOf(text: string): string {
  const document: Document = JSON.parse(text)
  const schemas = Object.entries(document.components.schemas).map(
    ([name, schema]) => `export type ${name} = ${typeOf(schema)}`,
  )
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(
      ([method, operation]) => `  '${method.toUpperCase()} ${path}': ${operationType(operation)}`,
    ),
  )
  return [
    '// Generated from docs/openapi.json by `npm run generate`.',
    '',
    ...schemas,
    '',
    'export type Operations = {',
    ...operations,
    '}',
    '',
  ].join('\n')
}

function operationType({ parameters = [], requestBody, responses }: Operation): string {
  const named = (place: string) =>
    membersOf(parameters.filter((one) => one.in === place).map((one) => [one.name, one.schema, one.required === true]))
  const answer = Object.entries(responses).find(([status]) => status.startsWith('2'))?.[1]
  const body = jsonOf(requestBody)
  const reply = jsonOf(answer)
  return `{ path: ${named('path')}; query: ${named('query')}; body: ${body === undefined ? 'undefined' : typeOf(body)}; answer: ${reply === undefined ? 'undefined' : typeOf(reply)} }`
}

function jsonOf(part: Content | undefined): Schema | undefined {
  return part?.content?.['application/json']?.schema
}

function typeOf(schema: Schema): string {
  if (schema.$ref !== undefined) return schema.$ref.slice(schema.$ref.lastIndexOf('/') + 1)
  if (schema.anyOf !== undefined) return [...new Set(schema.anyOf.map(typeOf))].join(' | ')
  if (schema.const !== undefined) return JSON.stringify(schema.const)
  if (schema.enum !== undefined) return schema.enum.map((value) => JSON.stringify(value)).join(' | ')
  if (schema.items !== undefined) return `readonly (${typeOf(schema.items)})[]`
  if (schema.properties !== undefined) return objectType(schema)
  if (schema.type === 'object') {
    const member = Object.values(schema.patternProperties ?? {})[0] ?? schema.additionalProperties
    return `{ readonly [name: string]: ${typeof member === 'object' ? typeOf(member) : 'unknown'} }`
  }
  if (schema.type === 'integer') return 'number'
  return schema.type === undefined ? 'unknown' : schema.type
}

function objectType({ properties = {}, required = [], additionalProperties }: Schema): string {
  const members = membersOf(Object.entries(properties).map(([name, member]) => [name, member, required.includes(name)]))
  const isOpen = additionalProperties === true || typeof additionalProperties === 'object'
  return isOpen ? `${members} & { readonly [name: string]: unknown }` : members
}

function membersOf(members: readonly (readonly [name: string, schema: Schema, isRequired: boolean])[]): string {
  const texts = members.map(([name, schema, isRequired]) => {
    const key = /^\w+$/.test(name) ? name : `'${name}'`
    return `readonly ${key}${isRequired ? '' : '?'}: ${typeOf(schema)}${isRequired ? '' : ' | undefined'}`
  })
  return `{ ${texts.join('; ')} }`
}

if (import.meta.main) {
  const document = new URL('../docs/openapi.json', import.meta.url)
  writeFileSync(new URL('src/api-types.ts', import.meta.url), apiTypesOf(readFileSync(document, 'utf8')))
}
