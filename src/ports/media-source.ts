/** Fetches what others hold for us, with a limit on everything. */
export interface MediaSource {
  /**
   * One GET; redirects are not followed but told. `trusted`: the operator named this host, so it may be on a private
   * network. A body over `bodyBytesMax` is a fault. Does not throw for anything the network or the server does.
   */
  get(request: {
    readonly url: string
    readonly headers: Readonly<Record<string, string>>
    readonly trusted: boolean
    readonly bodyBytesMax: number
  }): Promise<MediaAnswer>
}

export type MediaAnswer =
  | {
      readonly kind: 'answer'
      readonly status: number
      readonly headers: Readonly<Record<string, string | string[] | undefined>>
      readonly body: Uint8Array
    }
  /** In our words. */
  | { readonly kind: 'fault'; readonly fault: string }
