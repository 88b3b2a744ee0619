import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import { type Answer, ApiError, call, type Input, type Operation } from './api.ts'
import { useApp } from './app-context.ts'
import type { LiveEvent } from './live.ts'

export type Loaded<T> = {
  readonly data: T | undefined
  readonly error: ApiError | undefined
  readonly reload: () => void
}

/** Reads, and reads again when `input` changes or a live event matters. What is shown stays until its successor is there. */
export function useLoad<K extends Operation>(
  operation: K,
  input: Input<K> | undefined = {},
  { on }: { readonly on?: RegExp } = {},
): Loaded<Answer<K>> {
  const key = `${operation} ${JSON.stringify(input)}`
  const [state, setState] = useState<{ key: string; data?: Answer<K>; error?: ApiError }>({ key })
  const [count, setCount] = useState(0)
  const { reloadSession } = useApp()
  const reload = useCallback(() => setCount((before) => before + 1), [])

  useEffect(() => {
    const aborted = new AbortController()
    call(operation, { ...input, signal: aborted.signal }).then(
      (data) => setState({ key, data }),
      (error: unknown) => {
        if (aborted.signal.aborted) return
        const fault = apiErrorOf(error)
        if (fault.status === 401) reloadSession()
        setState((before) => ({ ...(before.key === key ? before : {}), key, error: fault }))
      },
    )
    return () => aborted.abort()
  }, [key, count])

  const reloadSoon = useThrottled(reload)
  useLive((event) => {
    if (on !== undefined && (event === undefined || on.test(event.type))) reloadSoon()
  })
  const isCurrent = state.key === key
  return { data: isCurrent ? state.data : undefined, error: isCurrent ? state.error : undefined, reload }
}

/** Something that is no answer of the API is a bug of the console: told like any other error, and to the browser's log. */
export function apiErrorOf(error: unknown): ApiError {
  if (error instanceof ApiError) return error
  reportError(error)
  return new ApiError(0, {
    detail: 'The console made a mistake.',
    hint: 'Reload the page. The browser’s log has more.',
  })
}

export function useLive(listener: (event: LiveEvent | undefined) => void): void {
  const { live } = useApp()
  const latest = useRef(listener)
  latest.current = listener
  useEffect(() => live.subscribe((event) => latest.current(event)), [live])
}

/** How often a page reads again at most, however much happens. */
const liveReloadMs = 1_000

/** A function that may be called as often as one likes, and acts at once, then once per `liveReloadMs`. */
export function useThrottled(act: () => void): () => void {
  const latest = useRef(act)
  latest.current = act
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined)
  const isDue = useRef(false)
  useEffect(() => () => clearTimeout(timer.current), [])
  return useCallback(() => {
    isDue.current = true
    if (timer.current !== undefined) return
    const run = () => {
      timer.current = undefined
      if (!isDue.current) return
      isDue.current = false
      timer.current = setTimeout(run, liveReloadMs)
      latest.current()
    }
    run()
  }, [])
}
