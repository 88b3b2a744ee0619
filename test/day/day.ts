import { magicRecipients } from '../../src/simulator/magic-recipients.ts'
import { senders } from '../support/installation.ts'
import { answering, startRecordingServer } from '../support/recording-server.ts'
import { at, type engines } from '../support/service-client.ts'
import { startWorld, type World } from '../support/world.ts'

export type DayParams = {
  readonly engine: (typeof engines)[number]
  /** Texts of the application; people answer a part of them. */
  readonly textCount: number
  readonly seed: number
}

export type DayReport = {
  readonly totals: Readonly<Record<string, number>>
  /** What must not be; empty after a good day. */
  readonly faults: readonly string[]
}

const callersAtOnce = 24
/** The service calls repeating safe; this is how often its callers do. */
const repetitionsMax = 3

/**
 * A day of one organization over both providers: every fault of the carrier, forged and repeated and late callbacks, people
 * who answer and say STOP while texts to them are on their way. Then the books are compared: what the service says of
 * each message, what the carrier's ledger has, what the assistant heard.
 */
export async function runDay({ engine, textCount, seed }: DayParams): Promise<DayReport> {
  const random = makeRandom(seed)
  const customer = await startRecordingServer()
  customer.reply(answering(200, {}))
  // Slower than elsewhere: a busy machine must not outlast the leases of deliveries, 45 s on this clock.
  const world = await startWorld({ engine, speed: 60, smsWebhookUrl: `${customer.url}/sms` })
  try {
    world.simulator.configure({ listLagMs: 20_000 })
    await Promise.all(
      Array.from({ length: callersAtOnce }, async (_, caller) => {
        for (let index = caller; index < textCount; index += callersAtOnce) await oneText(world, random, index)
      }),
    )
    await settle(world)
    const heard = customer.requests.map(({ body }) => JSON.parse(body) as unknown)
    return await compareBooks(world, heard)
  } finally {
    await world.close()
    await customer.close()
  }
}

/** xorshift32: the same seed gives the same day, as far as the network lets it. */
function makeRandom(seed: number): () => number {
  let state = seed | 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 2 ** 32
  }
}

/** One intention of the application, repeated as its callers repeat; and what the person does meanwhile. */
async function oneText(world: World, random: () => number, index: number): Promise<void> {
  const isMagic = random() < 0.3
  const magic = magicRecipients[Math.floor(random() * magicRecipients.length)]
  const person = `+1303${String(1_000_000 + Math.floor(random() * 200)).slice(0, 7)}`
  const to = isMagic && magic !== undefined ? magic.number : person
  const from = random() < 0.5 ? senders.twilio : senders.telnyx
  const json = {
    from_phone_number: from,
    to_phone_number: to,
    message: `text ${index}`,
    ...(random() < 0.3 ? { idempotency_key: `key ${index}` } : {}),
    ...(random() < 0.1 ? { on_unknown: 'resend' } : {}),
  }
  const sending = sendAsCallersDo(world, json)
  const mood = random()
  if (to === person && mood < 0.3)
    world.simulator.text({
      from: person,
      to: from,
      body: mood < 0.05 ? 'STOP' : mood < 0.08 ? 'start' : mood < 0.1 ? 'HELP' : `answer ${index}`,
      times: mood < 0.15 ? 3 : 1,
    })
  if (mood > 0.95) await forge(world, index)
  await sending
}

async function sendAsCallersDo(world: World, json: object): Promise<void> {
  for (let repetition = 0; repetition <= repetitionsMax; repetition++) {
    const { status, body } = await world.call('POST', '/sms/send', { json })
    // A refusal after 429 may be repeated too, but that is a new text each time; these callers leave it.
    if (status !== 500 || at(body, 'code') !== 'outcome_unknown') return
  }
}

async function forge(world: World, index: number): Promise<void> {
  await fetch(`${world.url}/webhooks/sms/twilio?message_id=msg_01K9Z3V5W6X7Y8Z9A0B1C2D3E4&token=AAAA`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', 'x-twilio-signature': 'bm90IHNpZ25lZA==' },
    body: `MessageSid=SM${index}&MessageStatus=delivered`,
  })
}

async function settle(world: World): Promise<void> {
  await world.simulator.receiptsSent()
  await world.until('every message has come to an end, or is unknown', async () => {
    const waiting = await Promise.all(
      ['queued', 'sending'].map((status) => world.call('GET', `/api/v1/sms-logs?status=${status}&limit=1`)),
    )
    return waiting.every(({ body }) => at(body, 'total') === 0) ? true : undefined
  })
  await world.simulator.receiptsSent()
  await world.until('every event is told', async () => {
    const { body } = await world.call('GET', '/api/v1/event-deliveries?state=pending&limit=1')
    return JSON.stringify(body).includes('"pending"') ? undefined : true
  })
}

type Copy = ReturnType<World['simulator']['ledger']>[number]

/** Both times are taken a moment before their commits, whose order is what counts; a moment is long on this clock. */
const commitTimeMsMax = 60_000

const wentOut = new Set(['sent', 'delivered', 'undelivered'])
const neverLeft = new Set(['failed', 'suppressed', 'canceled', 'expired'])

async function compareBooks(world: World, heard: readonly unknown[]): Promise<DayReport> {
  const faults: string[] = []
  const totals: Record<string, number> = {}
  const count = (name: string) => {
    totals[name] = (totals[name] ?? 0) + 1
  }
  const copies = Map.groupBy(world.simulator.ledger(), ({ callbackUrl }) =>
    String(URL.parse(callbackUrl ?? '')?.searchParams.get('message_id')),
  )
  const refusals = await listRefusals(world)
  for (const message of await listMessages(world)) {
    const id = String(at(message, 'message_id'))
    const status = String(at(message, 'status'))
    count(`${at(message, 'direction')} ${status}`)
    if (at(message, 'direction') === 'inbound') continue
    const ours = copies.get(id) ?? []
    copies.delete(id)
    const fault = faultOf(message, { status, ours, refusals })
    if (fault !== undefined) faults.push(`${id} ${status}: ${fault}`)
  }
  for (const [id, unknownCopies] of copies)
    faults.push(`${id}: ${unknownCopies.length} at the carrier, not in the store`)
  const texts = Map.groupBy(world.simulator.ledger(), ({ recipient, body }) => `${recipient} ${body}`)
  for (const [, same] of texts)
    if (same.length > 1 && same[0]?.body.startsWith('text ')) count('texts sent again by order')
  faults.push(...(await compareInbound(world, heard, count)))
  totals['carrier requests'] = world.simulator.requestCount()
  totals['carrier accepted'] = world.simulator.ledger().length
  return { totals, faults }
}

function faultOf(
  message: unknown,
  facts: { readonly status: string; readonly ours: readonly Copy[]; readonly refusals: ReadonlyMap<string, number> },
): string | undefined {
  const { status, ours, refusals } = facts
  const attempts = at(message, 'attempts')
  const unknownCount = Array.isArray(attempts)
    ? attempts.filter((attempt) => at(attempt, 'outcome') === 'unknown').length
    : 0
  const copiesMax = at(message, 'on_unknown') === 'resend' ? 1 + unknownCount : 1
  if (ours.length > copiesMax) return `${ours.length} at the carrier`
  if (wentOut.has(status) && ours.length === 0) return 'not at the carrier'
  if (neverLeft.has(status) && ours.length > 0) return 'at the carrier'
  if (status === 'unknown' && unknownCount === 0) return 'no attempt is unknown'
  const [copy] = ours
  const carried = copy?.status === 'unreachable' || copy?.status === 'filtered' ? 'undelivered' : copy?.status
  if (status === 'delivered' && !ours.some((one) => one.status === 'delivered')) return `the carrier says ${carried}`
  if (status === 'undelivered' && carried !== 'undelivered') return `the carrier says ${carried}`
  const refusedAt = refusals.get(String(at(message, 'to')))
  const started = Array.isArray(attempts)
    ? attempts.map((attempt) => Date.parse(String(at(attempt, 'started_at'))))
    : []
  if (
    refusedAt !== undefined &&
    at(message, 'automatic') === null &&
    started.some((time) => time > refusedAt + commitTimeMsMax)
  )
    return 'an attempt started after STOP'
  return undefined
}

/** Standing opt-outs: when each person refused. */
async function listRefusals(world: World): Promise<Map<string, number>> {
  const { body } = await world.call('GET', '/api/v1/opt-outs?limit=1000')
  const list = Array.isArray(body) ? body : at(body, 'items')
  return new Map(
    (Array.isArray(list) ? list : []).map((optOut) => [
      String(at(optOut, 'phone_number')),
      Date.parse(String(at(optOut, 'created_at'))),
    ]),
  )
}

async function listMessages(world: World): Promise<unknown[]> {
  const messages: unknown[] = []
  for (let cursor = ''; ; ) {
    const { body } = await world.call('GET', `/api/v1/sms-logs?limit=500${cursor}`)
    const items = at(body, 'items')
    for (const item of Array.isArray(items) ? items : [])
      messages.push((await world.call('GET', `/sms/${at(item, 'message_id')}`)).body)
    const next = at(body, 'next_cursor')
    if (typeof next !== 'string') return messages
    cursor = `&cursor=${encodeURIComponent(next)}`
  }
}

/** Each text of a person is stored once, and its assistant heard it once unless it was a keyword. */
async function compareInbound(
  world: World,
  heard: readonly unknown[],
  count: (name: string) => void,
): Promise<string[]> {
  const faults: string[] = []
  const stored = (await listMessages(world)).filter((message) => at(message, 'direction') === 'inbound')
  const storedById = Map.groupBy(stored, (message) => String(at(message, 'provider_message_id')))
  for (const { id } of world.simulator.inbound()) {
    const times = storedById.get(id)?.length ?? 0
    if (times !== 1) faults.push(`${id}: a text of a person is stored ${times} times`)
  }
  const heardById = Map.groupBy(heard, (event) => String(at(event, 'data', 'message_id')))
  for (const message of stored) {
    const times = heardById.get(String(at(message, 'message_id')))?.length ?? 0
    const wanted = at(message, 'keyword') === null ? 1 : 0
    if (times === 1) count('heard by an assistant')
    if (times !== wanted)
      faults.push(`${at(message, 'message_id')}: its assistant heard it ${times} times, not ${wanted}`)
  }
  return faults
}
