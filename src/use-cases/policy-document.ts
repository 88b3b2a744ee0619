import { areas } from '../core/area-codes.ts'
import { prefixesByCountry } from '../core/country-codes.ts'
import { isE164 } from '../core/phone-number.ts'
import {
  type Budget,
  budgetPeriods,
  conversationLimitMax,
  countriesMax,
  duplicateSecondsMax,
  isSet,
  type Limit,
  limitMessagesMax,
  limitsMax,
  loopMin,
  type Policy,
  type PrefixVelocity,
  type Prices,
  periods,
  policyRules,
  prefixDigitsMax,
  prefixDigitsMin,
  presetNames,
  presets,
  priceMax,
  pricesMax,
  type RecipientRule,
  recipientListMax,
  spendMax,
} from '../core/policy.ts'
import { isDayWindow, isWeekday, type QuietHours, weekdays } from '../core/quiet-hours.ts'

/** Whose policy a document is. */
export const policyOwners = ['organization', 'assistant'] as const
export type PolicyOwner = (typeof policyOwners)[number]

export type DocumentPath = readonly (string | number)[]
/** Ends the reading with a sentence (without its full stop) about what stands at the path. */
export type Fail = (path: DocumentPath, sentence: string) => never

/** What a document asks for: members that get a value, and members that are taken away. */
export type PolicyChange = { readonly set: Policy; readonly unset: readonly (keyof Policy)[] }

/** How the members are called in JSON and YAML. */
export const documentNames = {
  recipients: 'recipients',
  countries: 'countries',
  perRecipient: 'per_recipient',
  perAssistant: 'per_assistant',
  perOrganization: 'per_organization',
  unanswered: 'unanswered',
  spend: 'spend',
  prices: 'prices',
  prefixVelocity: 'prefix_velocity',
  loop: 'loop',
  quietHours: 'quiet_hours',
  approval: 'approval',
  duplicateSeconds: 'duplicate_seconds',
} as const satisfies Record<keyof Policy, string>

/** Money and the organization's own cap are the organization's: one assistant cannot set them aside. */
const ofOrganizationOnly: ReadonlySet<keyof Policy> = new Set(['perOrganization', 'spend', 'prices'])

export function membersOf(owner: PolicyOwner): (keyof Policy)[] {
  return keysOf(documentNames).filter((name) => owner === 'organization' || !ofOrganizationOnly.has(name))
}

/**
 * Reads a policy as operators write it: `{ preset?, …members }`. What is given stands over the preset's; null takes a
 * member away, and so does `off` where there is nobody whose policy it could set aside.
 */
export function readPolicyDocument(value: unknown, { owner, fail }: { owner: PolicyOwner; fail: Fail }): PolicyChange {
  const reader = new Reader(fail)
  const members = membersOf(owner)
  if (owner === 'assistant') refuseOrganizationOnly(reader.object(value, []), fail)
  const document = reader.object(value, [], ['preset', ...members.map((name) => documentNames[name])])
  const isUnset = (member: unknown) => member === null || (owner === 'organization' && member === 'off')
  const unset = members.filter((name) => isUnset(document[documentNames[name]]))
  const preset = document.preset === undefined ? {} : presets[reader.choice(document.preset, ['preset'], presetNames)]
  const read = <T>(name: keyof Policy, reading: (value: unknown, path: DocumentPath) => T): T | undefined => {
    const member = document[documentNames[name]]
    return member === undefined || isUnset(member) ? undefined : reading(member, [documentNames[name]])
  }
  const readOrOff = <T>(name: keyof Policy, reading: (value: unknown, path: DocumentPath) => T) =>
    read<T | 'off'>(name, (member, path) => (member === 'off' ? 'off' : reading(member, path)))
  const given = present({
    recipients: readOrOff('recipients', (member, path) => readRecipients(reader, member, path)),
    countries: readOrOff('countries', (member, path) => readCountries(reader, member, path)),
    perRecipient: readOrOff('perRecipient', (member, path) => readLimits(reader, member, path)),
    perAssistant: readOrOff('perAssistant', (member, path) => readLimits(reader, member, path)),
    perOrganization: readOrOff('perOrganization', (member, path) => readLimits(reader, member, path)),
    unanswered: readOrOff('unanswered', (member, path) => reader.whole(member, path, [1, conversationLimitMax])),
    spend: readOrOff('spend', (member, path) => readSpend(reader, member, path)),
    prices: read('prices', (member, path) => readPrices(reader, member, path)),
    prefixVelocity: readOrOff('prefixVelocity', (member, path) => readPrefixVelocity(reader, member, path)),
    loop: readOrOff('loop', (member, path) => reader.whole(member, path, [loopMin, conversationLimitMax])),
    quietHours: readOrOff('quietHours', (member, path) => readQuietHours(reader, member, path)),
    approval: read('approval', (member, path) => reader.boolean(member, path)),
    duplicateSeconds: readOrOff('duplicateSeconds', (member, path) =>
      reader.whole(member, path, [1, duplicateSecondsMax]),
    ),
  })
  const left = members.filter((name) => !unset.includes(name))
  return { set: { ...only(preset, left), ...given }, unset }
}

function refuseOrganizationOnly(document: Readonly<Record<string, unknown>>, fail: Fail): void {
  const name = [...ofOrganizationOnly].map((member) => documentNames[member]).find((known) => known in document)
  if (name !== undefined) fail([name], `${name} is of the whole organization. Set it in the organization's policy`)
}

/** The policy after the change: over the present one, or instead of it. */
export function changedPolicy(base: Policy, { set, unset }: PolicyChange, { fail }: { readonly fail: Fail }): Policy {
  const policy = {
    ...only(
      base,
      keysOf(documentNames).filter((name) => !unset.includes(name)),
    ),
    ...set,
  }
  if (isSet(policy, 'spend') && policy.prices === undefined)
    fail(
      ['spend'],
      'spend needs prices: without them nothing is known to cost anything. Give prices too, or take spend away',
    )
  return policy
}

/** The policy as it is written, in the order of the documentation. */
export function policyDocumentOf(policy: Policy): Readonly<Record<string, unknown>> {
  const { recipients } = policy
  const isList = recipients !== undefined && recipients !== 'off' && recipients.allow === 'list'
  const members = {
    ...policy,
    ...(recipients === undefined || recipients === 'off' ? {} : { recipients: recipients.allow }),
    ...(isList ? { recipients: { allow: recipients.numbers } } : {}),
    ...(policy.prices === undefined ? {} : { prices: pricesDocumentOf(policy.prices) }),
  }
  return Object.fromEntries(
    keysOf(documentNames).flatMap((name) =>
      members[name] === undefined ? [] : [[documentNames[name], members[name]]],
    ),
  )
}

function pricesDocumentOf({ byPrefix, ...prices }: Prices) {
  return { ...prices, ...(byPrefix === undefined ? {} : { by_prefix: byPrefix }) }
}

/** The rules that are not set, by the names of the document. */
export function rulesOff(policy: Policy): string[] {
  return policyRules.filter((rule) => !isSet(policy, rule)).map((rule) => documentNames[rule])
}

function readRecipients(reader: Reader, value: unknown, path: DocumentPath): RecipientRule {
  if (value === 'anyone' || value === 'reply_only') return { allow: value }
  if (typeof value === 'string')
    return reader.fail(path, 'must be anyone, reply_only, or a list of numbers as in { allow: ["+1234567890"] }')
  const { allow } = reader.object(value, path, ['allow'])
  const place = [...path, 'allow']
  const numbers = reader
    .list(allow, place, recipientListMax)
    .map((number, index) =>
      typeof number === 'string' && isE164(number)
        ? number
        : reader.fail([...place, index], 'must be a phone number in E.164 format (e.g. +1234567890)'),
    )
  return { allow: 'list', numbers }
}

function readCountries(reader: Reader, value: unknown, path: DocumentPath): string[] {
  return reader.list(value, path, countriesMax).map((country, index) => {
    if (typeof country === 'string' && (country === 'sender' || knownCountries.has(country))) return country
    if (typeof country === 'string' && /^\+[1-9]\d{0,9}$/.test(country)) return country
    return reader.fail(
      [...path, index],
      'must be a country of ISO 3166-1 in capitals (US, GB, JM), the first digits of numbers with their + (+1876), or sender, which is the country of the sending number',
    )
  })
}

const knownCountries: ReadonlySet<string> = new Set([
  ...Object.keys(prefixesByCountry),
  ...areas.map(([region]) => region.slice(0, 2)),
])

function readLimits(reader: Reader, value: unknown, path: DocumentPath): Limit[] {
  return reader.list(value, path, limitsMax).map((limit, index) => {
    const place = [...path, index]
    return readLimit(reader, reader.object(limit, place, ['messages', 'per']), place)
  })
}

function readLimit(reader: Reader, { messages, per }: Record<string, unknown>, path: DocumentPath): Limit {
  return {
    messages: reader.whole(messages, [...path, 'messages'], [1, limitMessagesMax]),
    per: reader.choice(per, [...path, 'per'], periods),
  }
}

function readPrefixVelocity(reader: Reader, value: unknown, path: DocumentPath): PrefixVelocity {
  const { digits, ...limit } = reader.object(value, path, ['digits', 'messages', 'per'])
  return {
    digits: reader.whole(digits, [...path, 'digits'], [prefixDigitsMin, prefixDigitsMax]),
    ...readLimit(reader, limit, path),
  }
}

function readSpend(reader: Reader, value: unknown, path: DocumentPath): Budget {
  const { amount, per } = reader.object(value, path, ['amount', 'per'])
  return {
    amount: reader.amount(amount, [...path, 'amount'], spendMax),
    per: reader.choice(per, [...path, 'per'], budgetPeriods),
  }
}

function readPrices(reader: Reader, value: unknown, path: DocumentPath): Prices {
  const { currency, default: usual, by_prefix } = reader.object(value, path, ['currency', 'default', 'by_prefix'])
  if (typeof currency !== 'string' || !/^[A-Z]{3}$/.test(currency))
    return reader.fail([...path, 'currency'], 'must be a currency of ISO 4217 in capitals (USD, EUR)')
  const prices = { currency, default: reader.amount(usual, [...path, 'default'], priceMax) }
  if (by_prefix === undefined || by_prefix === null) return prices
  const place = [...path, 'by_prefix']
  const entries = Object.entries(reader.object(by_prefix, place))
  if (entries.length > pricesMax) reader.fail(place, `must have at most ${pricesMax} entries`)
  const byPrefix = entries.map(([prefix, price]) => {
    if (!/^\+[1-9]\d{0,14}$/.test(prefix))
      reader.fail([...place, prefix], 'is not the first digits of phone numbers with their + (+1, +4477)')
    return [prefix, reader.amount(price, [...place, prefix], priceMax)]
  })
  return { ...prices, byPrefix: Object.fromEntries(byPrefix) }
}

function readQuietHours(reader: Reader, value: unknown, path: DocumentPath): QuietHours | 'marketing' {
  if (value === 'marketing') return value
  if (typeof value === 'string')
    return reader.fail(
      path,
      'must be marketing, or the hours when texts may arrive as in { monday: ["09:00", "20:00"] }',
    )
  const days = Object.entries(reader.object(value, path, weekdays))
  if (days.length === 0) reader.fail(path, 'must have a window on one day at least. To send nothing at all, pause')
  return Object.fromEntries(
    days.map(([day, window]) => {
      if (!isWeekday(day) || !isDayWindow(window))
        return reader.fail([...path, day], 'must be two times of one day, the earlier first, as in ["09:00", "20:00"]')
      return [day, [window[0], window[1]]]
    }),
  )
}

/** Plain values out of unknown ones; what is wrong is said with the name of the place. */
class Reader {
  readonly #fail: Fail

  constructor(fail: Fail) {
    this.#fail = fail
  }

  fail(path: DocumentPath, fault: string): never {
    return this.#fail(path, `${placeName(path)} ${fault}`)
  }

  /** Absent members are `undefined`; any others than `keys` are refused. */
  object(value: unknown, path: DocumentPath, keys?: readonly string[]): Record<string, unknown> {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      return this.fail(
        path,
        keys === undefined ? 'must have names and values' : `must have members: ${keys.join(', ')}`,
      )
    for (const key of Object.keys(value))
      if (keys !== undefined && !keys.includes(key))
        this.#fail([...path, key], `${placeName([...path, key])} is not known here; there is: ${keys.join(', ')}`)
    return value as Record<string, unknown>
  }

  list(value: unknown, path: DocumentPath, lengthMax: number): readonly unknown[] {
    if (!Array.isArray(value) || value.length === 0 || value.length > lengthMax)
      return this.fail(path, `must be a list of 1 to ${lengthMax} entries`)
    return value
  }

  whole(value: unknown, path: DocumentPath, [min, max]: readonly [number, number]): number {
    if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max)
      return this.fail(path, `must be a whole number from ${min} to ${max}`)
    return value
  }

  amount(value: unknown, path: DocumentPath, max: number): number {
    if (typeof value !== 'number' || !(value >= 0 && value <= max))
      return this.fail(path, `must be a number from 0 to ${max}`)
    return value
  }

  boolean(value: unknown, path: DocumentPath): boolean {
    return typeof value === 'boolean' ? value : this.fail(path, 'must be true or false')
  }

  choice<T extends string>(value: unknown, path: DocumentPath, choices: readonly T[]): T {
    return choices.find((choice) => choice === value) ?? this.fail(path, `must be ${choices.join(' or ')}`)
  }
}

/** `per_recipient[0].messages`. */
function placeName(path: DocumentPath): string {
  const name = path.map((step, index) => (typeof step === 'number' ? `[${step}]` : index === 0 ? step : `.${step}`))
  return name.length === 0 ? 'The policy' : name.join('')
}

function only<T extends object>(values: T, names: readonly (keyof T)[]): T {
  return Object.fromEntries(Object.entries(values).filter(([name]) => names.some((one) => one === name))) as T
}

function present<T extends object>(values: T): { readonly [name in keyof T]?: Exclude<T[name], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as typeof values & {
    [name in keyof T]?: Exclude<T[name], undefined>
  }
}

function keysOf<T extends object>(values: T): (keyof T)[] {
  return Object.keys(values) as (keyof T)[]
}
