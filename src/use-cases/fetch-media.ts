import { hash } from 'node:crypto'
import type { ProviderAccount } from '../core/organization.ts'
import { mediaTriesMax } from '../core/retry.ts'
import type { Clock } from '../ports/clock.ts'
import type { Media } from '../ports/inbound-store.ts'
import type { Log } from '../ports/log.ts'
import type { MediaAnswer, MediaSource } from '../ports/media-source.ts'
import type { Provider } from '../ports/provider.ts'
import type { Store } from '../ports/store.ts'

export type FetchMediaParts = {
  readonly store: Store
  readonly providers: ReadonlyMap<string, Provider>
  readonly source: MediaSource
  readonly clock: Clock
  readonly log: Log
}

/** Carriers cut MMS well below this; more is not a picture that somebody sent. */
export const mediaBytesMax = 10 * 1024 * 1024
/** A provider's address leads to its store of files and no further. */
const redirectsMax = 2

/** Only what browsers show as data: everything else, HTML above all, is served as a plain file. */
const contentTypePattern = /^(image|audio|video|text|application)\/[\w.+-]{1,100}$/

/**
 * Fetches one medium of an inbound message from its provider's own hosts and stores it with its checksum. Each address,
 * also one that another led to, is asked of the adapter first: it says with which credentials, or that it is not its
 * provider's and must not be fetched.
 */
export function makeFetchMedia(parts: FetchMediaParts): (media: Media) => Promise<void> {
  const { store, providers, source, log } = parts

  return async function fetchMedia(media) {
    const account = await store.accounts.find(media.organizationId, media.providerAccountId)
    const provider = account === undefined ? undefined : providers.get(account.provider)
    const result =
      account === undefined || provider === undefined
        ? ({ kind: 'refused', fault: 'its provider account is gone' } as const)
        : await fetchFrom({ source, provider, account }, media.url)
    if (result.kind === 'fetched') {
      const { content, contentType } = result
      await store.inbound.recordMedia(media.id, {
        kind: 'stored',
        content,
        contentType: contentTypePattern.test(contentType) ? contentType : media.contentType,
        sha256: hash('sha256', content, 'hex'),
      })
      return
    }
    const final = result.kind === 'refused' || media.tries >= mediaTriesMax
    await store.inbound.recordMedia(media.id, { kind: 'failed', fault: result.fault, final })
    log.warn('media.not_fetched', { mediaId: media.id, fault: result.fault, tries: media.tries, final })
  }
}

type FetchResult =
  | { readonly kind: 'fetched'; readonly content: Uint8Array; readonly contentType: string }
  /** It may work later. */
  | { readonly kind: 'failed'; readonly fault: string }
  | { readonly kind: 'refused'; readonly fault: string }

async function fetchFrom(
  from: { readonly source: MediaSource; readonly provider: Provider; readonly account: ProviderAccount },
  firstUrl: string,
): Promise<FetchResult> {
  const { source, provider, account } = from
  let url = firstUrl
  for (let redirects = 0; redirects <= redirectsMax; redirects++) {
    const headers = provider.mediaHeaders(url, account)
    if (headers === undefined)
      return {
        kind: 'refused',
        fault: redirects === 0 ? 'not on a host of its provider' : 'led away from its provider',
      }
    const trusted = account.baseUrl !== undefined && isSameOrigin(url, account.baseUrl)
    const answer = await source.get({ url, headers, trusted, bodyBytesMax: mediaBytesMax })
    if (answer.kind === 'fault') return { kind: 'failed', fault: answer.fault }
    const location = headerOf(answer, 'location')
    if (answer.status >= 300 && answer.status < 400 && location !== undefined) {
      const next = URL.parse(location, url)
      if (next === null) return { kind: 'refused', fault: 'led to an address that is none' }
      url = next.href
      continue
    }
    if (answer.status === 200)
      return {
        kind: 'fetched',
        content: answer.body,
        contentType: headerOf(answer, 'content-type')?.split(';')[0] ?? '',
      }
    const gone = answer.status === 404 || answer.status === 410
    return { kind: gone ? 'refused' : 'failed', fault: `HTTP ${answer.status}` }
  }
  return { kind: 'refused', fault: 'led on and on' }
}

function isSameOrigin(url: string, other: string): boolean {
  const origin = URL.parse(url)?.origin
  return origin !== undefined && origin === URL.parse(other)?.origin
}

function headerOf({ headers }: MediaAnswer & { readonly kind: 'answer' }, name: string): string | undefined {
  const value = headers[name]
  return typeof value === 'string' ? value : value?.[0]
}
