import { Pool } from 'undici'
import { providerCallTimeoutMs } from '../core/message.ts'

/** What became of one call, by what may have left the process. Details hold no address, number, body or secret. */
export type HttpResult =
  | {
      readonly kind: 'answer'
      readonly status: number
      readonly headers: Readonly<Record<string, string | string[] | undefined>>
      readonly body: string
    }
  /** No connection came about, so not a byte of the request was written. */
  | { readonly kind: 'not_sent'; readonly detail: string }
  | { readonly kind: 'unknown'; readonly detail: string }

export type HttpRequest = {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export type HttpClient = {
  /** One POST, never repeated, redirects not followed; ends within `providerCallTimeoutMs` and never throws. */
  post(request: HttpRequest): Promise<HttpResult>
  /** Lets running calls end. */
  close(): Promise<void>
}

const connectTimeoutMs = 5_000
const answerBytesMax = 64 * 1024
/** Below what providers keep an idle connection for: a stale socket would turn a send into an unknown. */
const keepAliveMs = 4_000
const connectionsPerOriginMax = 256

export function makeHttpClient(): HttpClient {
  const pools = new Map<string, Pool>()

  function poolOf(origin: string): Pool {
    const known = pools.get(origin)
    if (known !== undefined) return known
    const pool = new Pool(origin, {
      connections: connectionsPerOriginMax,
      pipelining: 1,
      connect: { timeout: connectTimeoutMs },
      keepAliveTimeout: keepAliveMs,
      keepAliveMaxTimeout: keepAliveMs,
      headersTimeout: providerCallTimeoutMs,
      bodyTimeout: providerCallTimeoutMs,
    })
    pools.set(origin, pool)
    return pool
  }

  return {
    async post({ url, headers, body }) {
      const target = URL.parse(url)
      if (target === null) return { kind: 'not_sent', detail: 'the base URL of the provider account is not a URL' }
      try {
        const answer = await poolOf(target.origin).request({
          method: 'POST',
          path: target.pathname + target.search,
          headers,
          body,
          signal: AbortSignal.timeout(providerCallTimeoutMs),
        })
        const text = await readBounded(answer.body)
        return text === undefined
          ? { kind: 'unknown', detail: 'the answer was larger than 64 kB' }
          : { kind: 'answer', status: answer.statusCode, headers: answer.headers, body: text }
      } catch (error) {
        return describe(error)
      }
    },
    async close() {
      const open = [...pools.values()]
      pools.clear()
      await Promise.all(open.map((pool) => pool.close()))
    },
  }
}

async function readBounded(body: AsyncIterable<Buffer>): Promise<string | undefined> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of body) {
    size += chunk.length
    if (size > answerBytesMax) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

/** Only what can happen before a connection stands: these prove that nothing was written. */
const notSentByCode: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ENOTFOUND: 'host name not found',
  EAI_AGAIN: 'host name could not be resolved',
  EHOSTUNREACH: 'host unreachable',
  ENETUNREACH: 'network unreachable',
  UND_ERR_CONNECT_TIMEOUT: 'connecting took too long',
}

function describe(error: unknown): HttpResult {
  const code = codeOf(error)
  const reason = notSentByCode[code]
  if (reason !== undefined) return { kind: 'not_sent', detail: reason }
  if (isCertificateFailure(code)) return { kind: 'not_sent', detail: `TLS failure (${code})` }
  if (error instanceof Error && error.name === 'TimeoutError')
    return { kind: 'unknown', detail: `no answer within ${providerCallTimeoutMs / 1_000} s` }
  return { kind: 'unknown', detail: code === '' ? 'the connection failed' : `the connection failed (${code})` }
}

function codeOf(error: unknown): string {
  if (error instanceof AggregateError) {
    // Several addresses were tried: only when none of them connected is the first code the reason.
    const codes = error.errors.map(codeOf)
    return codes.every((code) => notSentByCode[code] !== undefined) ? (codes[0] ?? '') : ''
  }
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
}

/** Verification fails in the handshake: https://nodejs.org/api/tls.html#x509-certificate-error-codes */
function isCertificateFailure(code: string): boolean {
  return (
    code.startsWith('ERR_TLS_CERT') ||
    code.startsWith('CERT_') ||
    code.startsWith('UNABLE_TO_') ||
    code === 'SELF_SIGNED_CERT_IN_CHAIN' ||
    code === 'DEPTH_ZERO_SELF_SIGNED_CERT' ||
    code === 'ERR_SSL_WRONG_VERSION_NUMBER'
  )
}
