import type { Operations } from './api-types.ts'

export type LogQuery = Omit<Operations['GET /api/v1/sms-logs']['query'], 'skip' | 'limit' | 'cursor'>

const textNames = ['provider', 'from_number', 'to_number', 'search'] as const
const dateNames = ['date_from', 'date_to'] as const
const statuses = [
  ...(['scheduled', 'held', 'queued', 'sending', 'sent', 'delivered', 'undelivered', 'failed', 'expired'] as const),
  ...(['canceled', 'suppressed', 'unknown', 'received'] as const),
]
const directions = ['outbound', 'inbound'] as const

/** What the address of the message log asks for. What an API would refuse, as a status that is none, is left out. */
export function logQueryOf(query: Readonly<Record<string, string>>): LogQuery {
  const status = statuses.find((one) => one === query.status)
  const direction = directions.find((one) => one === query.direction)
  const assistant = /^\d{1,15}$/.test(query.assistant_id ?? '') ? Number(query.assistant_id) : undefined
  const texts = textNames.filter((name) => query[name]).map((name) => [name, query[name]])
  const dates = dateNames
    .filter((name) => /^\d{4}-\d\d-\d\d/.test(query[name] ?? ''))
    .map((name) => [name, query[name]])
  return {
    ...Object.fromEntries([...texts, ...dates]),
    ...(status === undefined ? {} : { status }),
    ...(direction === undefined ? {} : { direction }),
    ...(assistant === undefined ? {} : { assistant_id: assistant }),
  }
}
