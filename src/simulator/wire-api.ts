import type { CarriedMessage, InboundText, StopScope, Submission } from './carrier.ts'
import type { Forgery, Refusal } from './magic-recipients.ts'

export type WireRequest = {
  readonly method: string
  readonly url: URL
  readonly authorization: string
  readonly contentType: string
  readonly body: string
}

export type WireAnswer = {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  /** Becomes JSON; undefined is an empty body. */
  readonly body?: unknown
  /** Sent as it is, in the place of `body`. */
  readonly content?: Uint8Array
}

/** A request to send: the submission, and the two answers that the carrier chooses between. */
export type SendCall = {
  readonly submission: Submission
  readonly accepted: (message: CarriedMessage) => WireAnswer
  readonly refused: (refusal: Refusal) => WireAnswer
  readonly serverError: () => WireAnswer
}

/** What the API makes of a request: an answer of its own, or something for the carrier to decide. */
export type WireResult =
  | { readonly kind: 'answer'; readonly answer: WireAnswer }
  | { readonly kind: 'send'; readonly call: SendCall }

/** A webhook, ready to be posted. */
export type Webhook = { readonly headers: Readonly<Record<string, string>>; readonly body: string }

/** When a webhook that was not taken is posted again. */
export type Repeats = {
  /** In all. */
  readonly triesMax: number
  /** Also after an answer other than 2xx, and not only when there was none. */
  readonly afterAnswer: boolean
}

/** One provider's wire API, as seen from outside. Keeps nothing: messages are the carrier's. */
export type WireApi = {
  readonly provider: string
  /** Undefined when the path is not of this API. */
  handle(request: WireRequest): WireResult | undefined
  /** Undefined where this provider sends no receipt for the status. */
  receiptOf(message: CarriedMessage, callbackUrl: string, forged?: Forgery): Webhook | undefined
  /** The public id of the account that has the number. */
  accountOf(number: string): string | undefined
  /** An id for a text that a person sends, and one for a medium of it. */
  inboundId(hasMedia: boolean): string
  mediumId(): string
  inboundOf(text: InboundText, url: string): Webhook | undefined
  readonly repeats: { readonly receipt: Repeats; readonly inbound: Repeats }
  /** Whole texts, in capitals, that this provider answers itself. */
  readonly keywords: Readonly<Record<'STOP' | 'START' | 'HELP', readonly string[]>>
  readonly stopScope: StopScope
}

export function answered(answer: WireAnswer): WireResult {
  return { kind: 'answer', answer }
}

export function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? { ...value } : undefined
  } catch {
    // The caller answers as for any other body that is wrong.
    return undefined
  }
}
