import type { CarriedMessage, Submission } from './carrier.ts'
import type { Refusal } from './magic-recipients.ts'

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

/** A signed report about a message, ready to be posted. */
export type Receipt = { readonly headers: Readonly<Record<string, string>>; readonly body: string }

/** One provider's wire API, as seen from outside. Keeps nothing: messages are the carrier's. */
export type WireApi = {
  readonly provider: string
  /** Undefined when the path is not of this API. */
  handle(request: WireRequest): WireResult | undefined
  /** Undefined where this provider sends no receipt for the status. */
  receiptOf(message: CarriedMessage, callbackUrl: string): Receipt | undefined
  /** Tries in all, until one is answered with 2xx. */
  readonly receiptTriesMax: number
}

export function answered(answer: WireAnswer): WireResult {
  return { kind: 'answer', answer }
}
