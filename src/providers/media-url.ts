import { mediaUrlLengthMax } from '../core/message.ts'

/** Stricter than the URL parser: no user, no percent signs or other scripts in the host, no backslash. */
const plainUrl = /^https?:\/\/[A-Za-z0-9.:[\]-]+(?:[/?#][\x21-\x5b\x5d-\x7e]*)?$/

/** Undefined for what no provider writes, and what two parsers could read in two ways. */
export function parseMediaUrl(input: string): URL | undefined {
  if (input.length > mediaUrlLengthMax || !plainUrl.test(input)) return undefined
  return URL.parse(input) ?? undefined
}

/** Whether it is the account's own address of the provider, which an operator has set. */
export function isAt(url: URL, baseUrl: string | undefined): boolean {
  return baseUrl !== undefined && url.origin === URL.parse(baseUrl)?.origin
}

/** `hosts` match whole lower-case names. */
export function isSecureHost(url: URL, hosts: RegExp): boolean {
  return url.protocol === 'https:' && url.port === '' && hosts.test(url.hostname)
}
