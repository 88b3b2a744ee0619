import { isSame } from './address.ts'
import type { Change, Overview, Text, Thread } from './carrier-api.ts'

export type State = {
  readonly overview: Overview | undefined
  readonly thread: Thread | undefined
  readonly isLive: boolean
  /** Said once to who listens rather than looks, and shown. */
  readonly notice: string
}

export const emptyState: State = { overview: undefined, thread: undefined, isLive: true, notice: '' }

const threadsMax = 200
const textsMax = 200

/** Pure; what cannot be known from the change alone is read anew by the page. */
export function afterChange(state: State, change: Change): State {
  switch (change.kind) {
    case 'opened':
      return { ...state, isLive: true }
    case 'lost':
      return { ...state, isLive: false }
    case 'cleared': {
      const { overview, thread } = state
      return {
        ...state,
        overview: overview && { ...overview, threads: [] },
        thread: thread && { ...thread, texts: [], count: 0, next: null },
      }
    }
    case 'next':
      return afterNext(state, change)
    case 'text':
      return afterText(state, change.text)
  }
}

function afterNext(state: State, { person, like, played }: Extract<Change, { kind: 'next' }>): State {
  if (state.thread?.person !== person) return state
  const fault = state.overview?.faults.find((candidate) => candidate.like === played)
  const notice = fault === undefined ? state.notice : `A text came and was treated as asked: ${fault.does}.`
  return { ...state, thread: { ...state.thread, next: like }, notice }
}

function afterText(state: State, text: Text): State {
  const { overview, thread } = state
  return {
    ...state,
    overview: overview && { ...overview, threads: threadsWith(overview.threads, text) },
    thread: thread && isSame(thread, text) ? threadWith(thread, text) : thread,
  }
}

function threadsWith(threads: Overview['threads'], text: Text): Overview['threads'] {
  const known = threads.find(({ last }) => isSame(last, text))
  if (known?.last.id === text.id)
    return threads.map((thread) => (thread === known ? { ...thread, last: text } : thread))
  // A text that moved on is not the newest of its thread because of that.
  if (known !== undefined && known.last.created_at > text.created_at) return threads
  const others = threads.filter((thread) => thread !== known)
  return [{ count: (known?.count ?? 0) + 1, last: text }, ...others].slice(0, threadsMax)
}

function threadWith(thread: Thread, text: Text): Thread {
  const isKnown = thread.texts.some(({ id }) => id === text.id)
  if (isKnown) return { ...thread, texts: thread.texts.map((known) => (known.id === text.id ? text : known)) }
  const [oldest] = thread.texts
  if (oldest !== undefined && text.created_at < oldest.created_at) return thread
  return { ...thread, count: thread.count + 1, texts: [...thread.texts, text].slice(-textsMax) }
}
