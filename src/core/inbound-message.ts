import type { E164 } from './phone-number.ts'

/** A text that a person sent to one of our numbers, as its provider reported it. */
export type InboundMessage = {
  readonly providerMessageId: string
  /** Who wrote. A short code or a name is no E.164 number and is refused by the adapter. */
  readonly person: E164
  /** Our number. */
  readonly number: E164
  readonly body: string
  readonly media: readonly InboundMedia[]
  /** By the provider's clock, in Unix milliseconds; not every provider says. */
  readonly occurredAt?: number
  /**
   * The keyword that the provider found and answered itself. It blocks by that, so it goes before our own list; and we
   * must not answer too: a second confirmation is one too many.
   */
  readonly providerKeyword?: ProviderKeyword
}

export type ProviderKeyword = 'opt_out' | 'opt_in' | 'help'

/** Where the provider keeps it; only its own hosts are ever asked for it. */
export type InboundMedia = { readonly url: string; readonly contentType?: string }

/** Longer texts are cut: no carrier delivers them, so they are not what a person wrote. */
export const inboundBodyLengthMax = 10_000
