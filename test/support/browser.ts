import { type Answer, callService } from './service-client.ts'

export type Browser = {
  /** As a page of the service itself asks; `headers` replace what a browser would say. */
  ask(method: string, path: string, options?: AskOptions): Promise<Answer>
  /** Of a session, `name=token`; absent when there is none. */
  readonly cookie: string | undefined
}

type AskOptions = {
  readonly json?: unknown
  /** Another process of the same installation. */
  readonly url?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** Keeps the cookie that it is given, and sends it along. */
export function openBrowser(url: string, given?: string): Browser {
  let cookie = given
  return {
    get cookie() {
      return cookie
    },
    async ask(method, path, options = {}) {
      const answer = await callService(options.url ?? url, method, path, {
        ...(options.json === undefined ? {} : { json: options.json }),
        headers: { 'sec-fetch-site': 'same-origin', ...(cookie === undefined ? {} : { cookie }), ...options.headers },
      })
      const set = answer.headers.get('set-cookie')
      if (set !== null) cookie = /Max-Age=0;/.test(set) ? undefined : set.split(';')[0]
      return answer
    },
  }
}
