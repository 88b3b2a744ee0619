import { SmsError } from '../core/errors.ts'
import type { Provider } from '../ports/provider.ts'

/** The credentials of an account as they arrive (file or API), by the names that the adapter declares. */
export type GivenFields = Readonly<Record<string, string>>

/**
 * Checks the credentials of an account against what its adapter declares, and parts what may be shown from what may not.
 * @throws SmsError `invalid_request`, naming the field and never its value.
 */
export function partAccountFields(
  provider: Provider,
  given: GivenFields,
): { readonly settings: Record<string, string>; readonly secrets: Record<string, string> } {
  const settings: Record<string, string> = {}
  const secrets: Record<string, string> = {}
  for (const [name, value] of Object.entries(given)) {
    const field = provider.accountFields.find((candidate) => candidate.name === name)
    if (field === undefined)
      throw invalid(`${name} is not a field of a ${provider.name} account. It has: ${fieldNames(provider)}.`)
    if (!field.pattern.test(value)) throw invalid(`${name} must be ${field.expects}.`)
    if (field.secret) secrets[name] = value
    else settings[name] = value
  }
  const missing = provider.accountFields.find((field) => field.required && given[field.name] === undefined)
  if (missing !== undefined) throw invalid(`${missing.name} is missing: ${missing.expects}.`)
  const fault = provider.checkAccountFields(given)
  if (fault !== undefined) throw invalid(fault)
  return { settings, secrets }
}

/** An address that replaces the provider's own, without its trailing slashes. @throws SmsError `invalid_request` */
export function parseBaseUrl(value: string): string {
  const url = URL.parse(value)
  const isPlain = url !== null && url.search === '' && url.hash === '' && url.username === '' && url.password === ''
  if (!isPlain || !/^https?:$/.test(url.protocol) || value.length > 500)
    throw invalid('base_url must be an http(s) URL without a query, e.g. https://api.example.com.')
  return value.replace(/\/+$/, '')
}

function fieldNames(provider: Provider): string {
  return provider.accountFields.map((field) => field.name).join(', ')
}

function invalid(sentence: string): SmsError {
  return new SmsError('invalid_request', sentence)
}
