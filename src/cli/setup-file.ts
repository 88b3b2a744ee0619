import { LineCounter, parseDocument } from 'yaml'
import { SmsError } from '../core/errors.ts'
import { optOutScopes } from '../core/opt-out.ts'
import {
  automaticReplyLengthMax,
  coalesceMsMax,
  freedKeywordLengthMax,
  freedKeywordsMax,
  type InboundSettings,
} from '../core/organization.ts'
import { isE164 } from '../core/phone-number.ts'
import { parseBaseUrl } from '../use-cases/account-fields.ts'
import type { Setup, SetupAccount, SetupAssistant } from '../use-cases/apply-setup.ts'
import { readAccountPace, readPolicy, readRetention, readSenderPace } from './setup-settings.ts'

type Env = Readonly<Record<string, string | undefined>>
export type Path = readonly (string | number)[]

export const setupFileLengthMax = 1024 * 1024
export const nameLengthMax = 200

// Private-use characters: legal in plain YAML scalars, and nobody types them.
const [opening, closing] = ['\uE000', '\uE001']
const variable = /\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g
const marked = /\uE000([A-Za-z_][A-Za-z0-9_]*)\uE001/g

/**
 * The text of a textbridge.yaml into a set-up. `${NAME}` in a value is replaced from `env`, after the YAML is parsed: a
 * variable can change one value and never the structure, and needs no quotes.
 * @throws SmsError `invalid_request` with the line at fault; unknown keys are faults.
 */
export function parseSetupFile(text: string, env: Env): Setup {
  if (text.length > setupFileLengthMax) throw new SmsError('invalid_request', 'The set-up file is larger than 1 MB.')
  if (text.includes(opening) || text.includes(closing))
    throw new SmsError('invalid_request', 'The set-up file holds characters that no text has (U+E000, U+E001).')
  const lines = new LineCounter()
  const document = parseDocument(text.replace(variable, `${opening}$1${closing}`), {
    lineCounter: lines,
    prettyErrors: false,
    schema: 'failsafe',
  })
  const [broken] = document.errors
  if (broken !== undefined)
    throw new SmsError('invalid_request', `Line ${lines.linePos(broken.pos[0]).line}: ${broken.message}.`)
  const reader = new Reader(env, (path) => lineOf(document, lines, path))
  return readSetup(reader, document.toJS({ maxAliasCount: 100 }))
}

function readSetup(reader: Reader, root: unknown): Setup {
  const top = reader.object(
    root,
    [],
    ['organization', 'opt_out_scope', 'policy', 'retention', 'provider_accounts', 'assistants'],
  )
  const providerAccounts = reader
    .list(top.provider_accounts, ['provider_accounts'])
    .map((item, index) => readAccount(reader, item, ['provider_accounts', index]))
  const assistants = reader
    .list(top.assistants, ['assistants'])
    .map((item, index) => readAssistant(reader, item, ['assistants', index]))
  refuseRepeated(
    reader,
    providerAccounts.map((account, index) => [account.name, ['provider_accounts', index, 'name']]),
  )
  refuseRepeated(
    reader,
    assistants.map((assistant, index) => [assistant.name, ['assistants', index, 'name']]),
  )
  refuseRepeated(
    reader,
    assistants.flatMap((assistant, index) =>
      assistant.phoneNumbers.map((number, position): [string, Path] => [
        number,
        ['assistants', index, 'phone_numbers', position],
      ]),
    ),
  )
  assistants.forEach((assistant, index) => {
    if (!providerAccounts.some((account) => account.name === assistant.providerAccount))
      reader.fail(
        ['assistants', index, 'provider_account'],
        `there is no provider account called ${assistant.providerAccount} in this file`,
      )
  })
  const scope = reader.optionalText(top, 'opt_out_scope', [])
  const optOutScope = optOutScopes.find((known) => known === scope)
  if (scope !== undefined && optOutScope === undefined)
    reader.fail(['opt_out_scope'], `opt_out_scope must be one of: ${optOutScopes.join(', ')}`)
  return {
    organization: reader.text(top, 'organization', []),
    ...(optOutScope === undefined ? {} : { optOutScope }),
    ...(top.policy === undefined ? {} : { policy: readPolicy(reader, top.policy, ['policy'], 'organization') }),
    ...(top.retention === undefined ? {} : { retention: readRetention(reader, top.retention, ['retention']) }),
    providerAccounts,
    assistants,
  }
}

function readAccount(reader: Reader, item: unknown, path: Path): SetupAccount {
  const { name: _name, provider: _provider, base_url, pace, ...rest } = reader.object(item, path)
  const fields: Record<string, string> = {}
  for (const key of Object.keys(rest)) fields[key] = reader.text(rest, key, path)
  const entry = reader.object(item, path)
  return {
    name: reader.text(entry, 'name', path),
    provider: reader.text(entry, 'provider', path),
    ...(base_url === undefined
      ? {}
      : { baseUrl: reader.checked([...path, 'base_url'], () => parseBaseUrl(reader.text(entry, 'base_url', path))) }),
    fields,
    ...(pace === undefined ? {} : { pacing: readAccountPace(reader, pace, [...path, 'pace']) }),
  }
}

function readAssistant(reader: Reader, item: unknown, path: Path): SetupAssistant {
  const entry = reader.object(item, path, [
    'name',
    'description',
    'provider_account',
    'phone_numbers',
    'sms_webhook_url',
    'messaging_service_sid',
    'inbound',
    'policy',
  ])
  const smsWebhookUrl = reader.optionalText(entry, 'sms_webhook_url', path)
  const webhook = smsWebhookUrl === undefined ? null : URL.parse(smsWebhookUrl)
  if (smsWebhookUrl !== undefined && (webhook === null || !/^https?:$/.test(webhook.protocol)))
    reader.fail([...path, 'sms_webhook_url'], 'sms_webhook_url must be an http(s) URL')
  const description = reader.optionalText(entry, 'description', path)
  const messagingServiceId = reader.optionalText(entry, 'messaging_service_sid', path)
  const numbers = reader
    .list(entry.phone_numbers, [...path, 'phone_numbers'])
    .map((item, index) => readNumber(reader, item, [...path, 'phone_numbers', index]))
  const paces = numbers.flatMap(({ phoneNumber, pacing }) => (pacing === undefined ? [] : [[phoneNumber, pacing]]))
  return {
    name: reader.text(entry, 'name', path),
    providerAccount: reader.text(entry, 'provider_account', path),
    phoneNumbers: numbers.map(({ phoneNumber }) => phoneNumber),
    ...(paces.length === 0 ? {} : { pacing: Object.fromEntries(paces) }),
    ...(entry.policy === undefined
      ? {}
      : { policy: readPolicy(reader, entry.policy, [...path, 'policy'], 'assistant') }),
    ...(description === undefined ? {} : { description }),
    ...(messagingServiceId === undefined ? {} : { messagingServiceId }),
    ...(smsWebhookUrl === undefined ? {} : { smsWebhookUrl }),
    ...(Object.hasOwn(entry, 'inbound') ? { inbound: readInbound(reader, entry.inbound, [...path, 'inbound']) } : {}),
  }
}

/** A number, or one with its pace. */
function readNumber(reader: Reader, item: unknown, path: Path) {
  const entry = typeof item === 'string' ? { number: item } : reader.object(item, path, ['number', 'pace'])
  const phoneNumber = reader.substituted(entry.number, path)
  if (!isE164(phoneNumber)) return reader.fail(path, 'a phone number must be in E.164 format (e.g. "+1234567890")')
  if (!('pace' in entry)) return { phoneNumber }
  return { phoneNumber, pacing: readSenderPace(reader, entry.pace, [...path, 'pace']) }
}

function readInbound(reader: Reader, item: unknown, path: Path): InboundSettings {
  const entry = reader.object(item, path, [
    'coalesce_ms',
    'freed_keywords',
    'opt_out_reply',
    'opt_in_reply',
    'help_reply',
  ])
  const coalesceMs = reader.optionalText(entry, 'coalesce_ms', path)
  if (coalesceMs !== undefined && !(/^\d{1,9}$/.test(coalesceMs) && Number(coalesceMs) <= coalesceMsMax))
    reader.fail([...path, 'coalesce_ms'], `coalesce_ms must be a whole number up to ${coalesceMsMax}`)
  const words = reader.list(entry.freed_keywords, [...path, 'freed_keywords'])
  if (words.length > freedKeywordsMax)
    reader.fail([...path, 'freed_keywords'], `freed_keywords must have at most ${freedKeywordsMax} entries`)
  const freedKeywords = words.map((word, index) => {
    const place = [...path, 'freed_keywords', index]
    const text = reader.substituted(word, place)
    if (text.trim() === '' || text.length > freedKeywordLengthMax)
      reader.fail(place, `a freed keyword must have 1 to ${freedKeywordLengthMax} characters`)
    return text
  })
  const reply = (key: string) => {
    const text = reader.optionalText(entry, key, path)
    if (text !== undefined && text.length > automaticReplyLengthMax)
      reader.fail([...path, key], `${key} is longer than ${automaticReplyLengthMax} characters`)
    return text
  }
  const [optOutReply, optInReply, helpReply] = [reply('opt_out_reply'), reply('opt_in_reply'), reply('help_reply')]
  return {
    ...(coalesceMs === undefined ? {} : { coalesceMs: Number(coalesceMs) }),
    ...(freedKeywords.length === 0 ? {} : { freedKeywords }),
    ...(optOutReply === undefined ? {} : { optOutReply }),
    ...(optInReply === undefined ? {} : { optInReply }),
    ...(helpReply === undefined ? {} : { helpReply }),
  }
}

function refuseRepeated(reader: Reader, values: readonly (readonly [value: string, path: Path])[]): void {
  const seen = new Set<string>()
  for (const [value, path] of values) {
    if (seen.has(value)) reader.fail(path, `${value} stands twice in this file`)
    seen.add(value)
  }
}

/** Reads plain values and knows the line of each for its faults. All scalars are strings here (the failsafe schema). */
export class Reader {
  readonly #env: Env
  readonly #lineOf: (path: Path) => number

  constructor(env: Env, lineOf: (path: Path) => number) {
    this.#env = env
    this.#lineOf = lineOf
  }

  fail(path: Path, sentence: string): never {
    throw new SmsError('invalid_request', `Line ${this.#lineOf(path)}: ${sentence}.`)
  }

  checked<T>(path: Path, parse: () => T): T {
    try {
      return parse()
    } catch (error) {
      if (error instanceof SmsError) return this.fail(path, error.message.replace(/\.$/, ''))
      throw error
    }
  }

  object(value: unknown, path: Path, keys?: readonly string[]): Record<string, unknown> {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      return this.fail(path, `${nameOf(path)} must have keys and values`)
    for (const key of Object.keys(value)) {
      if (keys !== undefined && !keys.includes(key))
        this.fail([...path, key], `${key} is not known here; there is: ${keys.join(', ')}`)
    }
    return value as Record<string, unknown>
  }

  list(value: unknown, path: Path): unknown[] {
    if (value === undefined || value === '') return []
    return Array.isArray(value) ? value : this.fail(path, `${nameOf(path)} must be a list`)
  }

  text(entry: Record<string, unknown>, key: string, path: Path): string {
    const value = this.optionalText(entry, key, path)
    return value ?? this.fail(path, `${key} is missing`)
  }

  optionalText(entry: Record<string, unknown>, key: string, path: Path): string | undefined {
    if (!Object.hasOwn(entry, key)) return undefined
    const value = this.substituted(entry[key], [...path, key])
    if (value.trim() === '') return this.fail([...path, key], `${key} is empty`)
    const isName = ['name', 'organization', 'provider_account'].includes(key)
    if (isName && value.length > nameLengthMax)
      return this.fail([...path, key], `${key} is longer than ${nameLengthMax} characters`)
    return value
  }

  substituted(value: unknown, path: Path): string {
    if (typeof value !== 'string') return this.fail(path, `${nameOf(path)} must be a text`)
    return value.replace(marked, (_whole, name: string) => {
      const found = this.#env[name]
      return found === undefined || found === ''
        ? this.fail(path, `the environment variable ${name} is not set`)
        : found
    })
  }
}

function nameOf(path: Path): string {
  const named = path.findLast((step) => typeof step === 'string')
  return named === undefined ? 'the file' : typeof path.at(-1) === 'number' ? `each entry of ${named}` : String(named)
}

/** Of the nearest node on the way to `path` that is there. */
function lineOf(document: ReturnType<typeof parseDocument>, lines: LineCounter, path: Path): number {
  for (let length = path.length; length > 0; length--) {
    const node: unknown = document.getIn(path.slice(0, length), true)
    const range = typeof node === 'object' && node !== null && 'range' in node ? node.range : undefined
    if (Array.isArray(range) && typeof range[0] === 'number') return lines.linePos(range[0]).line
  }
  return 1
}
