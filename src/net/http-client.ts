import { type Dispatcher, Pool } from 'undici'
import { providerCallTimeoutMs } from '../core/message.ts'

/** What became of one call, by what may have left the process. Details hold no address, number, body or secret. */
export type HttpResult =
  | {
      readonly kind: 'answer'
      readonly status: number
      readonly headers: Readonly<Record<string, string | string[] | undefined>>
      readonly body: string
    }
  /** Not a byte of the request was written. */
  | { readonly kind: 'not_sent'; readonly detail: string }
  | { readonly kind: 'unknown'; readonly detail: string }

export type HttpRequest = {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export type HttpClient = {
  /** One POST, never repeated, redirects not followed; ends within the call timeout and never throws. */
  post(request: HttpRequest): Promise<HttpResult>
  /** One GET, in all else like `post`, with room for a list in the answer and less time: it can be asked again. */
  get(url: string, headers: HttpRequest['headers']): Promise<HttpResult>
  /** Lets running calls end. */
  close(): Promise<void>
}

const lookUpTimeoutMs = 10_000
const answerBytesMax = 64 * 1024
const listBytesMax = 1024 * 1024
/** Below what providers keep an idle connection for: a stale socket would turn a send into an unknown. */
const keepAliveMs = 4_000
const connectionsPerOriginMax = 256

export function makeHttpClient({ callTimeoutMs = providerCallTimeoutMs, connectTimeoutMs = 5_000 } = {}): HttpClient {
  const pools = new Map<string, Pool>()

  function poolOf(origin: string): Pool {
    const known = pools.get(origin)
    if (known !== undefined) return known
    const pool = new Pool(origin, {
      // Over HTTP/2 undici sends a refused stream again by itself, and one lost connection leaves many calls unknown.
      allowH2: false,
      connections: connectionsPerOriginMax,
      pipelining: 1,
      connect: { timeout: connectTimeoutMs },
      keepAliveTimeout: keepAliveMs,
      keepAliveMaxTimeout: keepAliveMs,
      // One deadline over the whole call replaces both: each byte of a dribbling answer would start bodyTimeout anew.
      headersTimeout: 0,
      bodyTimeout: 0,
    })
    pools.set(origin, pool)
    return pool
  }

  async function call(url: string, request: Omit<Exchange, 'pool' | 'path'>): Promise<HttpResult> {
    const target = URL.parse(url)
    return target === null || !/^https?:$/.test(target.protocol)
      ? { kind: 'not_sent', detail: 'the base URL of the provider account is not an http or https URL' }
      : await exchange({
          ...request,
          pool: poolOf(target.origin),
          path: target.pathname + target.search,
        })
  }

  return {
    post: ({ url, headers, body }) =>
      call(url, { method: 'POST', headers, body, bytesMax: answerBytesMax, callTimeoutMs }),
    get: (url, headers) =>
      call(url, {
        method: 'GET',
        headers,
        body: null,
        bytesMax: listBytesMax,
        callTimeoutMs: Math.min(callTimeoutMs, lookUpTimeoutMs),
      }),
    async close() {
      const open = [...pools.values()]
      pools.clear()
      await Promise.all(open.map((pool) => pool.close()))
    },
  }
}

type Exchange = {
  readonly pool: Pool
  readonly path: string
  readonly method: 'GET' | 'POST'
  readonly headers: HttpRequest['headers']
  readonly body: string | null
  /** Of the answer. */
  readonly bytesMax: number
  readonly callTimeoutMs: number
}

/**
 * waiting -> written -> over. While it waits (for a free connection, DNS, TCP, TLS) nothing of the request has left,
 * whatever error ends it. undici calls `onRequestStart` in the tick in which it hands the request to a connected
 * socket; from then on only a whole answer is evidence. Even a socket that reports no byte written stays unknown:
 * undici writes at once, so there is no such state to be told from a lost answer.
 */
function exchange({ pool, callTimeoutMs, bytesMax, ...request }: Exchange): Promise<HttpResult> {
  return new Promise((resolve) => {
    let written: Dispatcher.DispatchController | undefined
    let isOver = false
    let status = 0
    let headers: Dispatcher.ResponseData['headers'] = {}
    const chunks: Buffer[] = []
    let size = 0

    function end(result: HttpResult): void {
      isOver = true
      clearTimeout(deadline)
      resolve(result)
    }
    const deadline = setTimeout(() => {
      const seconds = `${callTimeoutMs / 1_000} s`
      end(
        written === undefined
          ? { kind: 'not_sent', detail: `no connection within ${seconds}` }
          : { kind: 'unknown', detail: `no answer within ${seconds}` },
      )
      written?.abort(new Error('The deadline of the call has passed.'))
    }, callTimeoutMs)

    pool.dispatch(
      { ...request },
      {
        onRequestStart(controller) {
          // Ended while it waited, or written before: in either case it must not leave now.
          if (isOver || written !== undefined) controller.abort(new Error('This request must not be written.'))
          else written = controller
        },
        onResponseStart(_controller, statusCode, responseHeaders) {
          status = statusCode
          headers = responseHeaders
        },
        onResponseData(controller, chunk) {
          size += chunk.length
          if (size <= bytesMax) chunks.push(chunk)
          else controller.abort(new AnswerTooLarge(`the answer was larger than ${bytesMax / 1024} kB`))
        },
        onResponseEnd() {
          end({ kind: 'answer', status, headers, body: Buffer.concat(chunks).toString('utf8') })
        },
        onResponseError(_controller, error) {
          end(
            written === undefined
              ? { kind: 'not_sent', detail: `could not connect${codeOf(error)}` }
              : { kind: 'unknown', detail: detailOf(error) },
          )
        },
      },
    )
  })
}

class AnswerTooLarge extends Error {}

function detailOf(error: Error): string {
  return error instanceof AnswerTooLarge ? error.message : `the connection failed${codeOf(error)}`
}

/** The code alone: messages name addresses. */
function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? ` (${error.code})` : ''
}
