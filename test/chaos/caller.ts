import { setTimeout as pause } from 'node:timers/promises'
import type { History, TextAnswer } from './history.ts'
import type { PlannedText } from './plan.ts'
import { wallClockMs } from './wall-clock.ts'

export type Target = { readonly name: string; readonly url: string }

/** What a request came to; `cut` when there was no answer, which tells a caller nothing. */
export type Answer =
  | { readonly kind: 'answer'; readonly status: number; readonly body: unknown }
  | { readonly kind: 'cut'; readonly cause: string }

export type Caller = {
  /** One request to one node, told to nobody. */
  call(
    target: Target,
    method: string,
    path: string,
    body?: { readonly key?: string; readonly json: object },
  ): Promise<Answer>
  /** Hands over texts with one idempotency key, to any node and to others until all of them have an answer for good. */
  handOver(texts: readonly PlannedText[], key: string): Promise<void>
  /** Records that a person refuses further texts, at any node and at others until one has done it. */
  optOut(recipient: string): Promise<void>
}

/** Longer than an answer takes on a busy machine, and shorter than a frozen node is. */
const answerMsMax = 5_000
const triesMax = 100
const pauseMs = 200
/** Statuses that mean: nothing is wrong with the request, ask again. */
const busyStatuses = [409, 429, 503]

export function makeCaller(params: {
  readonly apiKey: string
  readonly history: History
  /** Any of the nodes, dead ones too: a caller does not know. */
  readonly pick: () => Target
}): Caller {
  const { apiKey, history, pick } = params

  async function call(
    { url }: Target,
    method: string,
    path: string,
    body?: { readonly key?: string; readonly json: object },
  ): Promise<Answer> {
    try {
      const response = await fetch(url + path, {
        method,
        headers: {
          authorization: `Bearer ${apiKey}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...(body?.key === undefined ? {} : { 'idempotency-key': body.key }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body.json) }),
        signal: AbortSignal.timeout(answerMsMax),
      })
      return { kind: 'answer', status: response.status, body: await response.json() }
    } catch (error) {
      if (error instanceof TypeError || (error instanceof DOMException && error.name === 'TimeoutError'))
        return { kind: 'cut', cause: causeOf(error) }
      throw error
    }
  }

  /** Asks until `settle` is content with an answer. */
  async function insist(
    request: { readonly path: string; readonly key?: string; readonly json: object },
    settle: (
      answer: Answer & { kind: 'answer' },
      asked: { readonly node: string; readonly askedAt: number },
    ) => boolean,
  ): Promise<void> {
    for (let tries = 1; tries <= triesMax; tries++) {
      const target = pick()
      const askedAt = wallClockMs()
      const answer = await call(target, 'POST', request.path, request)
      if (answer.kind === 'answer' && settle(answer, { node: target.name, askedAt })) return
      const again = answer.kind === 'cut' || busyStatuses.includes(answer.status) || isOk(answer)
      const cause =
        answer.kind === 'cut' ? answer.cause : `${answer.status} ${JSON.stringify(answer.body).slice(0, 300)}`
      history.append({ kind: 'failed', node: target.name, cause, again })
      if (!again) return
      await pause(pauseMs)
    }
    throw new Error(`${triesMax} tries were not enough for ${request.path}`)
  }

  return {
    call,
    handOver(texts, key) {
      const messages = texts.map((text) => ({ ...bodyOf(text) }))
      return insist({ path: '/sms/send/batch', key, json: { messages } }, (answer, asked) => {
        if (!isOk(answer)) return false
        const answers = answersOf(answer.body, texts)
        if (answers.some(({ status }) => busyStatuses.includes(status))) return false
        history.append({ kind: 'answered', ...asked, answers })
        return true
      })
    },
    optOut: (recipient) =>
      insist({ path: '/api/v1/opt-outs', json: { phone_number: recipient } }, (answer, { askedAt }) => {
        if (!isOk(answer)) return false
        history.append({ kind: 'opted_out', recipient, askedAt })
        return true
      }),
  }
}

export function bodyOf({ sender, recipient, text }: PlannedText) {
  return { from_phone_number: sender.phoneNumber, to_phone_number: recipient, message: text, on_unknown: 'hold' }
}

function isOk({ status }: Answer & { kind: 'answer' }): boolean {
  return status === 200 || status === 201
}

function answersOf(body: unknown, texts: readonly PlannedText[]): TextAnswer[] {
  const results: unknown = Reflect.get(Object(body), 'results')
  if (!Array.isArray(results) || results.length !== texts.length)
    throw new Error(`a batch was answered with ${JSON.stringify(body).slice(0, 300)}`)
  return texts.map(({ index }, place) => textAnswerOf(index, results[place]))
}

function textAnswerOf(index: number, result: unknown): TextAnswer {
  const member = (name: string): unknown => Reflect.get(Object(result), name)
  const status = Number(member('status_code'))
  return { index, status, word: String(status === 200 ? member('id') : member('code')) }
}

/** What the socket said; the same words for everything of one kind. */
function causeOf(error: Error): string {
  const code: unknown = error.cause instanceof Error ? Reflect.get(error.cause, 'code') : undefined
  return typeof code === 'string' ? code : error.name
}
