import { type AccountPacing, dailySegmentsMax, paceMax, type SenderPacing, senderTypes } from '../core/pacing.ts'
import type { Policy } from '../core/policy.ts'
import { type Retention, retentionDaysMax, retentionDaysMin } from '../core/retention.ts'
import {
  changedPolicy,
  type DocumentPath,
  type Fail,
  type PolicyOwner,
  readPolicyDocument,
} from '../use-cases/policy-document.ts'
import type { Path, Reader } from './setup-file.ts'

/** A policy as the API takes it; a preset is what it is in this version. */
export function readPolicy(reader: Reader, value: unknown, path: Path, owner: PolicyOwner): Policy {
  const fail: Fail = (place: DocumentPath, sentence) => reader.fail([...path, ...place], sentence)
  return changedPolicy({}, readPolicyDocument(plainOf(reader, value, path), { owner, fail }), { fail })
}

/** What it does not mention is kept for ever. */
export function readRetention(reader: Reader, value: unknown, path: Path): Retention {
  const entry = reader.object(value, path, ['bodies_days', 'messages_days', 'events_days'])
  const read = (key: string, min: number): number | undefined => {
    const text = reader.optionalText(entry, key, path)
    if (text === undefined) return undefined
    const days = /^\d{1,5}$/.test(text) ? Number(text) : 0
    return days >= min && days <= retentionDaysMax
      ? days
      : reader.fail([...path, key], `${key} must be a whole number from ${min} to ${retentionDaysMax}`)
  }
  const bodiesDays = read('bodies_days', retentionDaysMin.bodiesDays)
  const messagesDays = read('messages_days', retentionDaysMin.messagesDays)
  const eventsDays = read('events_days', retentionDaysMin.eventsDays)
  return {
    ...(bodiesDays === undefined ? {} : { bodiesDays }),
    ...(messagesDays === undefined ? {} : { messagesDays }),
    ...(eventsDays === undefined ? {} : { eventsDays }),
  }
}

export function readSenderPace(reader: Reader, value: unknown, path: Path): SenderPacing {
  const entry = reader.object(value, path, ['segments_per_second', 'daily_segments', 'strict', 'type'])
  const segmentsPerSecond = readPerSecond(reader, entry, 'segments_per_second', path)
  const dailySegments = reader.optionalText(entry, 'daily_segments', path)
  if (dailySegments !== undefined && !(/^[1-9]\d*$/.test(dailySegments) && Number(dailySegments) <= dailySegmentsMax))
    reader.fail([...path, 'daily_segments'], `daily_segments must be a whole number from 1 to ${dailySegmentsMax}`)
  const strict = reader.optionalText(entry, 'strict', path)
  if (strict !== undefined && strict !== 'true' && strict !== 'false')
    reader.fail([...path, 'strict'], 'strict must be true or false')
  const givenType = reader.optionalText(entry, 'type', path)
  const type = senderTypes.find((known) => known === givenType)
  if (givenType !== undefined && type === undefined)
    reader.fail([...path, 'type'], `type must be one of: ${senderTypes.join(', ')}`)
  return {
    ...(segmentsPerSecond === undefined ? {} : { segmentsPerSecond }),
    ...(dailySegments === undefined ? {} : { dailySegments: Number(dailySegments) }),
    ...(strict === undefined ? {} : { strict: strict === 'true' }),
    ...(type === undefined ? {} : { type }),
  }
}

export function readAccountPace(reader: Reader, value: unknown, path: Path): AccountPacing {
  const entry = reader.object(value, path, ['sms_per_second', 'mms_per_second'])
  const smsPerSecond = readPerSecond(reader, entry, 'sms_per_second', path)
  const mmsPerSecond = readPerSecond(reader, entry, 'mms_per_second', path)
  return {
    ...(smsPerSecond === undefined ? {} : { smsPerSecond }),
    ...(mmsPerSecond === undefined ? {} : { mmsPerSecond }),
  }
}

function readPerSecond(reader: Reader, entry: Record<string, unknown>, key: string, path: Path): number | undefined {
  const text = reader.optionalText(entry, key, path)
  if (text === undefined) return undefined
  const pace = decimal.test(text) ? Number(text) : 0
  return pace > 0 && pace <= paceMax
    ? pace
    : reader.fail([...path, key], `${key} must be a number of more than 0, and at most ${paceMax}`)
}

const decimal = /^\d{1,15}(\.\d{1,15})?$/

/** The scalars of a file are texts; here numbers, true, false and null are what they look like. */
function plainOf(reader: Reader, value: unknown, path: Path): unknown {
  if (Array.isArray(value)) return value.map((entry, index) => plainOf(reader, entry, [...path, index]))
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(
      Object.entries(value).map(([key, member]) => [key, plainOf(reader, member, [...path, key])]),
    )
  const text = reader.substituted(value, path)
  if (decimal.test(text)) return Number(text)
  return plainWords.has(text) ? plainWords.get(text) : text
}

const plainWords: ReadonlyMap<string, unknown> = new Map([
  ['true', true],
  ['false', false],
  ['null', null],
  ['~', null],
  ['', null],
])
