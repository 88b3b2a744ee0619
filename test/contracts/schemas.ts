import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { Ajv } from 'ajv'

/** Throws, with the fault, when the value is not what the provider's own description calls `name`. */
export type AssertSchema = (name: string, value: unknown) => void

export function schemasOf(provider: 'twilio' | 'telnyx'): AssertSchema {
  const document: object = JSON.parse(readFileSync(new URL(`${provider}.schema.json`, import.meta.url), 'utf8'))
  const ajv = new Ajv({ allErrors: true }).addSchema(document, provider)
  return (name, value) => {
    const validate = ajv.getSchema(`${provider}#/$defs/${name}`)
    assert.ok(validate !== undefined, `${provider} has no schema ${name}`)
    assert.ok(validate(value), `${provider} ${name}: ${ajv.errorsText(validate.errors)}`)
  }
}

/** A form as the schema describes it: `MediaUrl` is a list, all else is text. */
export function formFields(form: string): Record<string, unknown> {
  const pairs = new URLSearchParams(form)
  const fields: Record<string, unknown> = Object.fromEntries(pairs)
  assert.equal(Object.keys(fields).length + Math.max(0, pairs.getAll('MediaUrl').length - 1), [...pairs].length)
  return pairs.has('MediaUrl') ? { ...fields, MediaUrl: pairs.getAll('MediaUrl') } : fields
}
