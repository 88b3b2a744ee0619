import type { MessageLog, MessageLogs } from './api-types.ts'

/**
 * The part of an endless log that is in memory. Pages follow each other by cursor; of pages far from what is looked at
 * only the cursor is kept, and they are read again when somebody comes back.
 */
export type LogWindow = {
  /** Rows known so far; more come when the end is looked at. */
  readonly rowCount: () => number
  readonly row: (index: number) => MessageLog | undefined
  readonly total: () => number | undefined
  readonly hasMore: () => boolean
  readonly error: () => unknown
  readonly isLoading: () => boolean
  /** Rows from `first` to `last` are looked at. */
  readonly look: (first: number, last: number) => void
  /** Begins again with the newest; what is shown stays until it is there. */
  readonly refresh: () => Promise<void>
  readonly patch: (messageId: string, status: MessageLog['status']) => boolean
  readonly rowsInMemory: () => number
  readonly subscribe: (listener: () => void) => () => void
}

export const pageRows = 100
/** Rows in memory: so many pages. */
export const pagesKept = 8

type Page = { readonly cursor: string | undefined; rows: readonly MessageLog[] | undefined; isLoading: boolean }

export function makeLogWindow(read: (cursor: string | undefined) => Promise<MessageLogs>): LogWindow {
  const listeners = new Set<() => void>()
  let pages: Page[] = [{ cursor: undefined, rows: undefined, isLoading: false }]
  let nextCursor: string | undefined
  let [lastPageRows, total, error]: [number, number | undefined, unknown] = [0, undefined, undefined]
  /** What was asked for before the last refresh is not for these pages. */
  let generation = 0

  const changed = () => {
    for (const listener of listeners) listener()
  }
  const take = (index: number, page: Page, answer: MessageLogs) => {
    page.rows = answer.items
    error = undefined
    if (index !== pages.length - 1) return
    lastPageRows = answer.items.length
    nextCursor = answer.next_cursor ?? undefined
  }
  const load = async (index: number) => {
    const page = pages[index]
    if (page === undefined || page.isLoading || page.rows !== undefined) return
    const asked = generation
    page.isLoading = true
    changed()
    try {
      const answer = await read(page.cursor)
      if (asked !== generation) return
      if (index === 0) total = answer.total
      take(index, page, answer)
    } catch (fault) {
      if (asked === generation) error = fault
    } finally {
      page.isLoading = false
      if (asked === generation) changed()
    }
  }
  const forgetFarFrom = (index: number) => {
    const kept = pages.map((page, at) => ({ page, distance: Math.abs(at - index) })).filter(({ page }) => page.rows)
    const far = kept.sort((one, other) => other.distance - one.distance).slice(0, Math.max(0, kept.length - pagesKept))
    for (const { page } of far) page.rows = undefined
  }
  const rowCount = () => (pages.length - 1) * pageRows + lastPageRows

  return {
    rowCount,
    row: (index) => pages[Math.floor(index / pageRows)]?.rows?.[index % pageRows],
    total: () => total,
    hasMore: () => nextCursor !== undefined,
    error: () => error,
    isLoading: () => pages.some(({ isLoading }) => isLoading),
    look: (first, last) => {
      const isLastLoaded = pages.at(-1)?.rows !== undefined
      if (isLastLoaded && nextCursor !== undefined && last >= rowCount() - pageRows / 2) {
        pages.push({ cursor: nextCursor, rows: undefined, isLoading: false })
        lastPageRows = 0
        nextCursor = undefined
        void load(pages.length - 1)
      }
      const [from, to] = [Math.floor(first / pageRows), Math.floor(Math.max(first, last) / pageRows)]
      for (let index = Math.max(0, from); index <= Math.min(to, pages.length - 1); index++) void load(index)
      forgetFarFrom(Math.round((from + to) / 2))
    },
    refresh: async () => {
      generation++
      const asked = generation
      try {
        const answer = await read(undefined)
        if (asked !== generation) return
        pages = [{ cursor: undefined, rows: undefined, isLoading: false }]
        total = answer.total
        const [page] = pages
        if (page !== undefined) take(0, page, answer)
      } catch (fault) {
        if (asked === generation) error = fault
      }
      if (asked === generation) changed()
    },
    patch: (messageId, status) => {
      for (const page of pages) {
        const index = page.rows?.findIndex((row) => row.message_id === messageId) ?? -1
        if (index < 0) continue
        page.rows = page.rows?.map((row, at) => (at === index ? { ...row, status } : row))
        changed()
        return true
      }
      return false
    },
    rowsInMemory: () => pages.reduce((sum, { rows }) => sum + (rows?.length ?? 0), 0),
    subscribe: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}
