import type { SenderLimit } from './sender-queues.ts'

/** What can be changed while the simulator runs. */
export type Settings = {
  /** Each answer is held back this long. */
  latencyMs: number
  /** Lists, records and recorded webhooks show nothing younger; a fetch by id always does. */
  listLagMs: number
  /** Whether the carrier answers STOP, START and HELP itself, and refuses texts to whoever said STOP. */
  handlesKeywords: boolean
  /** Holds for each number; undefined: any number may send as fast as it likes. */
  senderLimit: SenderLimit | undefined
  /** Where texts to each of its numbers are reported. */
  readonly inboundUrls: Map<string, string>
}

export type SettingsChange = {
  readonly latencyMs?: number
  readonly listLagMs?: number
  readonly handlesKeywords?: boolean
  readonly senderLimit?: SenderLimit | 'none'
  /** Those that are not named stay as they are. */
  readonly inboundUrls?: Readonly<Record<string, string>>
}

export const waitMsMax = 60_000
const segmentsMax = 1_000_000
export const settingsSentence = `Send JSON with any of latency_ms and list_lag_ms (0 to ${waitMsMax}), handles_keywords (true or false), sender_limit ({"segments_per_second": 1, "queue_segments": 10, "refusal": "queue_full" or "rate_limited", "retry_after": true or false}, or null) and inbound_urls ({"+12025550142": "http://…"}).`

export function makeSettings(accounts: readonly { numbers: readonly string[]; inboundUrl?: string }[]): Settings {
  const inboundUrls = new Map<string, string>()
  for (const { numbers, inboundUrl } of accounts)
    if (inboundUrl !== undefined) for (const number of numbers) inboundUrls.set(number, inboundUrl)
  return { latencyMs: 0, listLagMs: 0, handlesKeywords: true, senderLimit: undefined, inboundUrls }
}

export function changeSettings(settings: Settings, change: SettingsChange): void {
  settings.latencyMs = change.latencyMs ?? settings.latencyMs
  settings.listLagMs = change.listLagMs ?? settings.listLagMs
  settings.handlesKeywords = change.handlesKeywords ?? settings.handlesKeywords
  if (change.senderLimit !== undefined)
    settings.senderLimit = change.senderLimit === 'none' ? undefined : change.senderLimit
  for (const [number, url] of Object.entries(change.inboundUrls ?? {})) settings.inboundUrls.set(number, url)
}

export function settingsBody({ latencyMs, listLagMs, handlesKeywords, senderLimit, inboundUrls }: Settings) {
  return {
    latency_ms: latencyMs,
    list_lag_ms: listLagMs,
    handles_keywords: handlesKeywords,
    sender_limit:
      senderLimit === undefined
        ? null
        : {
            segments_per_second: senderLimit.segmentsPerSecond,
            queue_segments: senderLimit.queueSegments,
            refusal: senderLimit.refusal,
            retry_after: senderLimit.saysRetryAfter,
          },
    inbound_urls: Object.fromEntries(inboundUrls),
  }
}

const wireNames: ReadonlySet<string> = new Set([
  'latency_ms',
  'list_lag_ms',
  'handles_keywords',
  'sender_limit',
  'inbound_urls',
])

/** Undefined when anything in it is wrong. */
export function parseSettingsChange(fields: Readonly<Record<string, unknown>>): SettingsChange | undefined {
  const names = Object.keys(fields)
  const {
    latency_ms: latencyMs,
    list_lag_ms: listLagMs,
    handles_keywords: handlesKeywords,
    sender_limit: limit,
    inbound_urls: urls,
  } = fields
  if (names.length === 0 || names.some((name) => !wireNames.has(name))) return undefined
  if (!isWait(latencyMs) || !isWait(listLagMs)) return undefined
  if (handlesKeywords !== undefined && typeof handlesKeywords !== 'boolean') return undefined
  const senderLimit = limit === null ? 'none' : limitOf(limit)
  if (limit !== undefined && senderLimit === undefined) return undefined
  const inboundUrls = urlsOf(urls)
  if (urls !== undefined && inboundUrls === undefined) return undefined
  return {
    ...(latencyMs === undefined ? {} : { latencyMs }),
    ...(listLagMs === undefined ? {} : { listLagMs }),
    ...(handlesKeywords === undefined ? {} : { handlesKeywords }),
    ...(senderLimit === undefined ? {} : { senderLimit }),
    ...(inboundUrls === undefined ? {} : { inboundUrls }),
  }
}

function isWait(value: unknown): value is number | undefined {
  return value === undefined || (typeof value === 'number' && value >= 0 && value <= waitMsMax)
}

function limitOf(value: unknown): SenderLimit | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const fields: Readonly<Record<string, unknown>> = { ...value }
  const { segments_per_second: segmentsPerSecond, queue_segments: queueSegments, refusal } = fields
  const { retry_after: saysRetryAfter = false } = fields
  if (!isRate(segmentsPerSecond) || !isRate(queueSegments)) return undefined
  if ((refusal !== 'queue_full' && refusal !== 'rate_limited') || typeof saysRetryAfter !== 'boolean') return undefined
  return { segmentsPerSecond, queueSegments, refusal, saysRetryAfter }
}

function isRate(value: unknown): value is number {
  return typeof value === 'number' && value > 0 && value <= segmentsMax
}

function urlsOf(value: unknown): Record<string, string> | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const urls: Record<string, string> = {}
  for (const [number, url] of Object.entries(value)) {
    if (typeof url !== 'string' || !/^https?:$/.test(URL.parse(url)?.protocol ?? '')) return undefined
    urls[number] = url
  }
  return urls
}
