import { isRecord } from './api.ts'

export type LiveEvent = { readonly type: string; readonly data: Readonly<Record<string, unknown>> }
export type LiveState = 'live' | 'connecting' | 'paused'

export type Live = {
  readonly state: () => LiveState
  /** Events as they happen. `undefined` after a gap: something may have been missed, so read again. */
  readonly subscribe: (listener: (event: LiveEvent | undefined) => void) => () => void
  readonly watchState: (listener: () => void) => () => void
  readonly start: () => void
  readonly stop: () => void
}

const types = [
  ...['scheduled', 'held', 'queued', 'sending', 'sent', 'delivered', 'undelivered', 'failed', 'expired', 'canceled'],
  ...['suppressed', 'unknown', 'received'],
].map((status) => `message.${status}`)
const allTypes = [...types, 'opt_out.created', 'opt_out.doubted', 'opt_out.removed', 'conversation.created']
/** A stream that was refused is asked for again after this time; one that broke the browser itself opens again. */
const retryMs = 5_000

/** One event stream for the whole page, closed while nobody looks: a browser has few connections, a user ten streams. */
export function makeLive(document: Document): Live {
  const listeners = new Set<(event: LiveEvent | undefined) => void>()
  const watchers = new Set<() => void>()
  let source: EventSource | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  let [isStarted, hadGap, state]: [boolean, boolean, LiveState] = [false, false, 'paused']

  const become = (next: LiveState) => {
    if (state === next) return
    state = next
    for (const watcher of watchers) watcher()
  }
  const tell = (event: LiveEvent | undefined) => {
    for (const listener of listeners) listener(event)
  }
  const receive = (message: MessageEvent<unknown>) => {
    const event: unknown = typeof message.data === 'string' ? JSON.parse(message.data) : undefined
    if (isRecord(event) && typeof event.type === 'string' && isRecord(event.data))
      tell({ type: event.type, data: event.data })
  }
  const open = () => {
    clearTimeout(timer)
    if (!isStarted || document.hidden || source !== undefined) return
    become('connecting')
    source = new EventSource('/api/v1/events/stream')
    source.addEventListener('open', () => {
      become('live')
      if (hadGap) tell(undefined)
      hadGap = false
    })
    source.addEventListener('error', () => {
      hadGap = true
      become('connecting')
      if (source?.readyState !== EventSource.CLOSED) return
      close()
      timer = setTimeout(open, retryMs)
    })
    for (const type of allTypes) source.addEventListener(type, receive)
  }
  const close = () => {
    source?.close()
    source = undefined
    hadGap = true
  }
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) open()
    else {
      close()
      become('paused')
    }
  })
  return {
    state: () => state,
    subscribe: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    watchState: (watcher) => {
      watchers.add(watcher)
      return () => watchers.delete(watcher)
    },
    start: () => {
      isStarted = true
      open()
    },
    stop: () => {
      isStarted = false
      clearTimeout(timer)
      close()
      become('paused')
    },
  }
}
