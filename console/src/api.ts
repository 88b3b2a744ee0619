import type { Operations as Described } from './api-types.ts'
import type { StatsOperations } from './stats.ts'

type Operations = Described & StatsOperations

export type Operation = keyof Operations
export type Answer<K extends Operation> = Operations[K]['answer']
export type Input<K extends Operation> = {
  readonly path?: Operations[K]['path']
  readonly query?: Operations[K]['query']
  readonly body?: Operations[K]['body']
  readonly signal?: AbortSignal
}

/** What the API refused, in its own words. `status` 0: it was not reached. */
export class ApiError extends Error {
  readonly status: number
  readonly code: string
  readonly hint: string | undefined
  readonly id: string | undefined
  /** What a sign-in link still asks for. */
  readonly needs: readonly string[]

  constructor(status: number, fields: Readonly<Record<string, unknown>>) {
    super(typeof fields.detail === 'string' ? fields.detail : 'Textbridge answered in a way that cannot be read.')
    this.status = status
    this.code = typeof fields.code === 'string' ? fields.code : 'unreadable'
    this.hint = typeof fields.hint === 'string' ? fields.hint : undefined
    this.id = typeof fields.id === 'string' ? fields.id : undefined
    this.needs = Array.isArray(fields.needs) ? fields.needs.map(String) : []
  }
}

const unreached = {
  detail: 'Textbridge does not answer.',
  hint: 'Check your connection, and that the service runs; then try again.',
  code: 'unreached',
}

/** @throws ApiError */
export async function call<K extends Operation>(operation: K, input: Input<K> = {}): Promise<Answer<K>> {
  const [method = 'GET', template = ''] = operation.split(' ')
  const response = await fetchFrom(pathOf(template, input), {
    method,
    ...(input.signal === undefined ? {} : { signal: input.signal }),
    ...(input.body === undefined
      ? {}
      : { body: JSON.stringify(input.body), headers: { 'content-type': 'application/json' } }),
  })
  const text = await response.text()
  const answer = parseJson(text)
  if (!response.ok) throw new ApiError(response.status, isRecord(answer) ? answer : {})
  return answer as Answer<K>
}

/** @throws ApiError */
export async function importOptOuts(csv: string): Promise<Answer<'POST /api/v1/opt-outs/import'>> {
  const headers = { 'content-type': 'text/csv' }
  const response = await fetchFrom('/api/v1/opt-outs/import', { method: 'POST', body: csv, headers })
  const answer = parseJson(await response.text())
  if (!response.ok) throw new ApiError(response.status, isRecord(answer) ? answer : {})
  return answer as Answer<'POST /api/v1/opt-outs/import'>
}

export function pathOf(
  template: string,
  { path, query }: { readonly path?: object | undefined; readonly query?: object | undefined },
): string {
  const values = new Map(Object.entries(path ?? {}))
  const filled = template.replace(/\{(\w+)\}/g, (_whole, name: string) => encodeURIComponent(String(values.get(name))))
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(query ?? {}))
    if (value !== undefined && value !== '') search.set(name, String(value))
  return search.size === 0 ? filled : `${filled}?${search}`
}

async function fetchFrom(path: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(path, { ...init, credentials: 'same-origin' })
  } catch (error) {
    if (init.signal?.aborted) throw error
    throw new ApiError(0, unreached)
  }
}

function parseJson(text: string): unknown {
  if (text === '') return undefined
  try {
    return JSON.parse(text)
  } catch {
    throw new ApiError(0, { ...unreached, detail: 'Something other than Textbridge answered, perhaps a proxy.' })
  }
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
