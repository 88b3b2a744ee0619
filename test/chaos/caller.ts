import { setTimeout as pause } from 'node:timers/promises'
import type { History, HistoryEntry, TextAnswer } from './history.ts'
import type { PlannedText } from './plan.ts'
import { wallClockMs } from './wall-clock.ts'

/** `sendAt`: Unix milliseconds. */
export type HandedText = PlannedText & { readonly sendAt?: number }

export type Target = { readonly name: string; readonly url: string }

/** What a request came to; `cut` when there was no answer, which tells a caller nothing. */
export type Answer =
  | { readonly kind: 'answer'; readonly status: number; readonly isReplayed: boolean; readonly body: unknown }
  | { readonly kind: 'cut'; readonly cause: string }

export type Caller = {
  /** Hands over texts with one idempotency key, to any node and to others until all of them have an answer for good. */
  handOver(texts: readonly HandedText[], key: string): Promise<readonly TextAnswer[]>
  /** Sends a text at once, at any node and at others until it has an answer for good. */
  send(text: PlannedText): Promise<void>
  /** Asks one node once not to send a text. */
  cancel(target: Target, text: TextAnswer): Promise<void>
  /** Records that a person refuses further texts, at any node and at others until one has done it. */
  optOut(recipient: string): Promise<void>
}

/** Longer than an answer takes on a busy machine, and shorter than a frozen node is. */
const answerMsMax = 8_000
const triesMax = 100
const pauseMs = 200
/** Statuses that mean: nothing is wrong with the request, ask again. */
const busyStatuses = [409, 429, 503]
/** The connection broke when the request was, or may have been, on its way. */
const cutCauses = ['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET']

export function makeCaller(params: {
  readonly apiKey: string
  readonly history: History
  /** Any of the nodes, dead ones too: a caller does not know. */
  readonly pick: () => Target
}): Caller {
  const { apiKey, history, pick } = params

  async function call({ url }: Target, { path, key, json }: Request): Promise<Answer> {
    try {
      const response = await fetch(url + path, {
        method: json === undefined ? 'DELETE' : 'POST',
        headers: {
          authorization: `Bearer ${apiKey}`,
          ...(json === undefined ? {} : { 'content-type': 'application/json' }),
          ...(key === undefined ? {} : { 'idempotency-key': key }),
        },
        ...(json === undefined ? {} : { body: JSON.stringify(json) }),
        signal: AbortSignal.timeout(answerMsMax),
      })
      const isReplayed = response.headers.get('idempotent-replayed') === 'true'
      return { kind: 'answer', status: response.status, isReplayed, body: await response.json() }
    } catch (error) {
      if (error instanceof TypeError || (error instanceof DOMException && error.name === 'TimeoutError'))
        return { kind: 'cut', cause: causeOf(error) }
      throw error
    }
  }

  /** Asks until `settle` is content with an answer. */
  async function insist(
    request: Request,
    settle: (answer: Answer & { kind: 'answer' }, asked: Asked) => boolean,
  ): Promise<void> {
    let wasCut = false
    for (let tries = 1; tries <= triesMax; tries++) {
      const target = pick()
      const askedAt = wallClockMs()
      const answer = await call(target, request)
      if (answer.kind === 'answer') {
        const asked = { node: target.name, askedAt, isDoneBefore: wasCut && answer.isReplayed }
        if (settle(answer, asked)) return
      } else wasCut ||= cutCauses.includes(answer.cause)
      const again = answer.kind === 'cut' || busyStatuses.includes(answer.status) || isOk(answer)
      history.append({ kind: 'failed', node: target.name, cause: reasonOf(answer), again })
      if (!again) return
      await pause(pauseMs)
    }
    throw new Error(`${triesMax} tries were not enough for ${request.path}`)
  }

  return {
    async handOver(texts, key) {
      let answers: readonly TextAnswer[] = []
      await insist({ path: '/sms/send/batch', key, json: { messages: texts.map(bodyOf) } }, (answer, asked) => {
        if (!isOk(answer)) return false
        answers = answersOf(answer.body, texts)
        if (answers.some(({ status }) => busyStatuses.includes(status))) return false
        history.append({ kind: 'answered', ...asked, answers })
        return true
      })
      return answers
    },
    send: (text) =>
      insist({ path: '/sms/send', key: `text ${text.index}`, json: bodyOf(text) }, ({ status, body }, asked) => {
        if (status !== 200) return false
        history.append({
          kind: 'answered',
          ...asked,
          answers: [{ index: text.index, status, word: wordOf(status, body) }],
        })
        return true
      }),
    async cancel(target, { index, word }) {
      const askedAt = wallClockMs()
      const answer = await call(target, { path: `/sms/${word}` })
      if (answer.kind === 'answer' && isOk(answer))
        history.append({
          kind: 'cancel',
          node: target.name,
          index,
          askedAt,
          canceled: memberOf(answer.body, 'success') === true,
        })
      else history.append({ kind: 'failed', node: target.name, cause: reasonOf(answer), again: answer.kind === 'cut' })
    },
    optOut: (recipient) =>
      insist({ path: '/api/v1/opt-outs', json: { phone_number: recipient } }, (answer, { askedAt }) => {
        if (!isOk(answer)) return false
        history.append({ kind: 'opted_out', recipient, askedAt })
        return true
      }),
  }
}

type Asked = Pick<HistoryEntry & { kind: 'answered' }, 'node' | 'askedAt' | 'isDoneBefore'>

/** A POST of JSON, or without any a DELETE. */
type Request = { readonly path: string; readonly key?: string; readonly json?: object }

function bodyOf({ sender, recipient, text, sendAt }: HandedText) {
  return {
    from_phone_number: sender.phoneNumber,
    to_phone_number: recipient,
    message: text,
    on_unknown: 'hold',
    ...(sendAt === undefined ? {} : { send_at: new Date(sendAt).toISOString() }),
  }
}

function reasonOf(answer: Answer): string {
  return answer.kind === 'cut' ? answer.cause : `${answer.status} ${JSON.stringify(answer.body).slice(0, 300)}`
}

function memberOf(value: unknown, name: string): unknown {
  return Reflect.get(Object(value), name)
}

/** The id of a text, or the code of its refusal. */
function wordOf(status: number, body: unknown): string {
  return String(memberOf(body, status === 200 ? 'id' : 'code'))
}

function isOk({ status }: Answer & { kind: 'answer' }): boolean {
  return status === 200 || status === 201
}

function answersOf(body: unknown, texts: readonly PlannedText[]): TextAnswer[] {
  const results = memberOf(body, 'results')
  if (!Array.isArray(results) || results.length !== texts.length)
    throw new Error(`a batch was answered with ${JSON.stringify(body).slice(0, 300)}`)
  return texts.map(({ index }, place) => {
    const status = Number(memberOf(results[place], 'status_code'))
    return { index, status, word: wordOf(status, results[place]) }
  })
}

/** What the socket said; the same words for everything of one kind. */
function causeOf(error: Error): string {
  const code: unknown = error.cause instanceof Error ? Reflect.get(error.cause, 'code') : undefined
  return typeof code === 'string' ? code : error.name
}
