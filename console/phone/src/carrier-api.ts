/** The simulator's answers, as docs/simulator.md has them. */

export type Medium = {
  readonly address: string
  /** Where the simulator itself serves it as a picture; null for what must not be loaded. */
  readonly picture: string | null
}

export type Text = {
  readonly id: string
  readonly provider: string
  readonly person: string
  readonly number: string
  readonly body: string
  readonly from_person: boolean
  readonly media: readonly Medium[]
  readonly status: string
  readonly answered: string | null
  readonly created_at: string
}

export type Overview = {
  readonly numbers: readonly { readonly number: string; readonly provider: string }[]
  readonly pictures: readonly { readonly name: string; readonly shows: string; readonly path: string }[]
  readonly faults: readonly { readonly like: string; readonly does: string }[]
  readonly threads: readonly { readonly count: number; readonly last: Text }[]
}

export type Thread = {
  readonly person: string
  readonly number: string
  readonly count: number
  readonly texts: readonly Text[]
  readonly next: string | null
}

export type Change =
  | { readonly kind: 'text'; readonly text: Text }
  | { readonly kind: 'next'; readonly person: string; readonly like: string | null; readonly played?: string }
  | { readonly kind: 'cleared' }
  /** The stream opened, maybe again: something may have been missed. */
  | { readonly kind: 'opened' }
  | { readonly kind: 'lost' }

export const e164 = /^\+[1-9]\d{1,14}$/

export const readOverview = async () => (await call('GET', '/phone/overview')) as Overview

export const readThread = async (person: string, number: string) =>
  (await call('GET', `/phone/thread?${new URLSearchParams({ person, number })}`)) as Thread

export const sendText = (text: {
  readonly from: string
  readonly to: string
  readonly body: string
  readonly picture?: string | undefined
}) => {
  const { picture, ...rest } = text
  return call('POST', '/inbound', picture === undefined ? rest : { ...rest, media: [{ picture }] })
}

export const treatNextLike = (person: string, like: string | null) => call('PUT', '/phone/next', { person, like })

async function call(method: string, path: string, body?: object): Promise<unknown> {
  const answer = await fetch(path, {
    method,
    ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  })
  const value: unknown = await answer.json()
  if (answer.ok) return value
  throw new Error((value as { error?: string }).error ?? `The simulator answered ${answer.status}.`)
}

/** @returns what ends it. */
export function watchCarrier(tell: (change: Change) => void): () => void {
  const source = new EventSource('/phone/stream')
  const listen = (event: string, change: (value: unknown) => Change) =>
    source.addEventListener(event, (message: MessageEvent<string>) => tell(change(JSON.parse(message.data))))
  listen('text', (value) => ({ kind: 'text', text: value as Text }))
  listen('next', (value) => ({ kind: 'next', ...(value as { person: string; like: string | null; played?: string }) }))
  listen('cleared', () => ({ kind: 'cleared' }))
  source.addEventListener('open', () => tell({ kind: 'opened' }))
  source.addEventListener('error', () => tell({ kind: 'lost' }))
  return () => source.close()
}
