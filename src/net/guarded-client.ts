import { lookup } from 'node:dns/promises'
import { isIP, type LookupFunction } from 'node:net'
import { Agent, buildConnector, type Dispatcher } from 'undici'
import { type AllowedNetworks, isPublicAddress, parseNetworks } from './public-address.ts'

export type GuardedRequest = {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  /** The operator named this address: http and private networks are allowed. */
  readonly trusted?: boolean
}

export type GuardedResult =
  | {
      readonly kind: 'answer'
      readonly status: number
      readonly headers: Readonly<Record<string, string | string[] | undefined>>
      readonly body: Uint8Array
    }
  /** No usable answer, in our words: without address, header or body. */
  | { readonly kind: 'fault'; readonly fault: string }

/**
 * Dials addresses that others chose. Each connection is checked after its name was resolved, and goes to the address
 * that was checked. Redirects are answers like any other. Calls end within the call timeout and never throw.
 */
export type GuardedClient = {
  /** A body larger than `bodyBytesMax` is a fault. */
  get(request: GuardedRequest & { readonly bodyBytesMax: number }): Promise<GuardedResult>
  /** Of the answer's body only the first bytes are read, and none returned. */
  post(request: GuardedRequest & { readonly body: string }): Promise<GuardedResult>
  /** Lets running calls end. */
  close(): Promise<void>
}

export type Resolve = (hostname: string) => Promise<readonly { readonly address: string; readonly family: number }[]>

const urlLengthMax = 2_000
const postAnswerBytesMax = 4 * 1024
const connectTimeoutMs = 5_000
const keepAliveMs = 4_000
const connectionsPerOriginMax = 16

export function makeGuardedClient(
  params: {
    readonly callTimeoutMs?: number
    /** Networks (CIDR) that may be dialled for others too; none unless the operator says so. */
    readonly allowedNetworks?: readonly string[]
    /** The system's unless a test gives another. */
    readonly resolve?: Resolve
  } = {},
): GuardedClient {
  const callTimeoutMs = params.callTimeoutMs ?? 15_000
  const resolve = params.resolve ?? ((hostname) => lookup(hostname, { all: true }))
  const allowed = parseNetworks(params.allowedNetworks ?? [])
  const guarded = openAgent(guardedConnector(resolve, allowed))
  const trusted = openAgent(buildConnector({ timeout: connectTimeoutMs, allowH2: false, lookup: lookupBy(resolve) }))

  async function exchange(
    request: GuardedRequest,
    options: { readonly method: 'GET' | 'POST'; readonly body?: string },
    read: (body: Dispatcher.ResponseData['body']) => Promise<Uint8Array | undefined>,
  ): Promise<GuardedResult> {
    const target = targetOf(request.url, request.trusted ?? false)
    if (target.kind === 'fault') return target
    const signal = AbortSignal.timeout(callTimeoutMs)
    try {
      const { origin, pathname, search } = target.url
      const { statusCode, headers, body } = await (request.trusted ? trusted : guarded).request({
        origin,
        path: pathname + search,
        headers: { 'user-agent': 'Textbridge', ...request.headers },
        signal,
        ...options,
      })
      const bytes = await read(body)
      if (bytes === undefined) return { kind: 'fault', fault: 'the answer was too large' }
      return { kind: 'answer', status: statusCode, headers, body: bytes }
    } catch (error) {
      if (signal.aborted) return { kind: 'fault', fault: `no answer within ${callTimeoutMs / 1_000} s` }
      return { kind: 'fault', fault: faultOf(error) }
    }
  }

  return {
    get: ({ bodyBytesMax, ...request }) =>
      exchange(request, { method: 'GET' }, (body) => readWhole(body, bodyBytesMax)),
    post: ({ body, ...request }) => exchange(request, { method: 'POST', body }, discard),
    async close() {
      await Promise.all([guarded.close(), trusted.close()])
    },
  }
}

/** Whether an address that others chose can be dialled, as far as that is seen without looking its name up. */
export function isDiallable(text: string): boolean {
  const target = targetOf(text, false)
  if (target.kind === 'fault') return false
  const literal = target.url.hostname.replace(/^\[|\]$/g, '')
  return isIP(literal) === 0 || isPublicAddress(literal)
}

class AddressRefused extends Error {
  override readonly name = 'AddressRefused'
}

type Target = { readonly kind: 'target'; readonly url: URL } | { readonly kind: 'fault'; readonly fault: string }

function targetOf(text: string, trusted: boolean): Target {
  const url = text.length > urlLengthMax ? null : URL.parse(text)
  if (url === null) return { kind: 'fault', fault: 'the address is not a URL' }
  if (url.username !== '' || url.password !== '')
    return { kind: 'fault', fault: 'the address holds a user name or password' }
  if (url.protocol !== 'https:' && !(trusted && url.protocol === 'http:'))
    return { kind: 'fault', fault: 'the address is not https' }
  if (!trusted && isOddNotation(text, url)) return { kind: 'fault', fault: notPublic }
  return { kind: 'target', url }
}

const notPublic = 'the address is not public'

/** `0x7f.1`, `2130706433` and `１２７.0.0.1` all mean an address that a reader, or a filter, does not see. */
function isOddNotation(text: string, url: URL): boolean {
  const written = /^\s*[a-z]+:\/\/([^/?#\\]*?)(?::\d*)?(?=$|[/?#\\])/i.exec(text)?.[1]?.toLowerCase()
  return isIP(url.hostname) === 4 && written !== url.hostname
}

function openAgent(connect: buildConnector.connector): Agent {
  return new Agent({
    connect,
    allowH2: false,
    pipelining: 1,
    connections: connectionsPerOriginMax,
    keepAliveTimeout: keepAliveMs,
    keepAliveMaxTimeout: keepAliveMs,
    // One deadline over the whole call replaces both: each byte of a dribbling answer would start bodyTimeout anew.
    headersTimeout: 0,
    bodyTimeout: 0,
  })
}

function guardedConnector(resolve: Resolve, allowed: AllowedNetworks): buildConnector.connector {
  const connect = buildConnector({
    timeout: connectTimeoutMs,
    allowH2: false,
    lookup: lookupBy(async (hostname) => {
      const addresses = await resolve(hostname)
      // One private address among public ones is an attempt, not an accident.
      if (!addresses.every(({ address }) => isPublicAddress(address, allowed))) throw new AddressRefused(notPublic)
      return addresses
    }),
  })
  return (options, callback) => {
    // Node looks no literal address up, so the hook above never sees one.
    const literal = options.hostname.replace(/^\[|\]$/g, '')
    if (isIP(literal) !== 0 && !isPublicAddress(literal, allowed)) callback(new AddressRefused(notPublic), null)
    else connect(options, callback)
  }
}

function lookupBy(resolve: Resolve): LookupFunction {
  return (hostname, { all }, callback) => {
    resolve(hostname).then(
      (addresses) => {
        const [first] = addresses
        if (first === undefined) callback(new AddressRefused('the name has no address'), '', 0)
        else if (all) callback(null, [...addresses])
        else callback(null, first.address, first.family)
      },
      (error: unknown) => callback(error instanceof Error ? error : new Error('the name was not resolved'), '', 0),
    )
  }
}

/** @returns undefined when there is more than `bytesMax`. */
async function readWhole(body: Dispatcher.ResponseData['body'], bytesMax: number): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of body) {
    size += chunk.length
    // Leaving the loop destroys the body, and with it the connection.
    if (size > bytesMax) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/** A short answer is read to its end, so that the connection can be used again. */
async function discard(body: Dispatcher.ResponseData['body']): Promise<Uint8Array> {
  let size = 0
  for await (const chunk of body) {
    size += chunk.length
    if (size > postAnswerBytesMax) break
  }
  return new Uint8Array()
}

/** The code alone: messages name addresses. */
function faultOf(error: unknown): string {
  if (error instanceof AddressRefused) return error.message
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? ` (${error.code})` : ''
  return `the connection failed${code}`
}
