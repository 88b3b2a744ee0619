import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import type { MessageLog } from '../api-types.ts'
import { formatPhone } from '../format.ts'
import type { LogWindow } from '../log-window.ts'
import { urlOf } from '../router.ts'
import { Icon } from './icon.tsx'
import { Time } from './page.tsx'
import { Status } from './status.tsx'

/** As pages.css has them: on a narrow screen a row has two lines. */
const rowHeights = { wide: 44, narrow: 72 } as const
const narrow = '(max-width: 720px)'
/** Rows drawn beyond what is seen, so that a fast thumb meets no gap. */
const overscan = 12
/** The list is drawn anew each time it has moved by so many rows: fewer than stand beyond what is seen. */
const rowsPerStep = 4

/** Draws only what is seen of a log of any length. */
export function MessageList(props: {
  readonly log: LogWindow
  /** Where the list was left, in pixels. */
  readonly top: number
  readonly assistantName: (id: number) => string
  readonly onScroll: (top: number) => void
  readonly onOpen: (id: string) => void
}) {
  const { log, top, assistantName, onScroll, onOpen } = props
  const box = useRef<HTMLDivElement>(null)
  const rowHeight = useRowHeight()
  const [view, setView] = useState({ top, height: 800 })
  const count = log.rowCount() + (log.hasMore() ? 1 : 0)
  const first = Math.max(0, Math.floor(view.top / rowHeight) - overscan)
  const last = Math.min(count - 1, Math.ceil((view.top + view.height) / rowHeight) + overscan)

  useLayoutEffect(() => {
    const { current } = box
    if (current === null) return
    current.scrollTop = top
    const watch = new ResizeObserver(() => setView({ top: current.scrollTop, height: current.clientHeight }))
    watch.observe(current)
    return () => watch.disconnect()
  }, [])
  useEffect(() => log.look(first, last), [log, first, last, count])

  const focusRow = (index: number) => {
    const { current } = box
    if (current === null || index < 0 || index >= log.rowCount()) return
    const [from, to] = [index * rowHeight, (index + 1) * rowHeight]
    if (from < current.scrollTop) current.scrollTop = from
    else if (to > current.scrollTop + current.clientHeight) current.scrollTop = to - current.clientHeight
    setView({ top: current.scrollTop, height: current.clientHeight })
    requestAnimationFrame(() =>
      current.querySelector<HTMLElement>(`[data-index="${index}"]`)?.focus({ preventScroll: true }),
    )
  }
  useMoveKeys(box, { first: Math.ceil(view.top / rowHeight), focusRow })

  return (
    <section
      ref={box}
      class="log"
      aria-label="Message log"
      onScroll={(event) => {
        const { scrollTop, clientHeight } = event.currentTarget
        const [step, height] = [rowHeight * rowsPerStep, clientHeight]
        const stepped = Math.floor(scrollTop / step) * step
        setView((before) => (before.top === stepped && before.height === height ? before : { top: stepped, height }))
        onScroll(scrollTop)
      }}
    >
      <ul style={{ height: `${count * rowHeight}px` }}>
        {Array.from({ length: Math.max(0, last - first + 1) }, (_none, offset) => first + offset).map((index) => (
          <li
            key={index}
            style={{ top: `${index * rowHeight}px` }}
            aria-setsize={log.hasMore() ? -1 : count}
            aria-posinset={index + 1}
          >
            <Row row={log.row(index)} index={index} assistantName={assistantName} onOpen={onOpen} />
          </li>
        ))}
      </ul>
    </section>
  )
}

function Row(props: {
  readonly row: MessageLog | undefined
  readonly index: number
  readonly assistantName: (id: number) => string
  readonly onOpen: (id: string) => void
}) {
  const { row, index, assistantName } = props
  if (row === undefined) return <span />
  const isOut = row.direction === 'outbound'
  return (
    <a href={urlOf('messages', row.message_id)} data-index={index}>
      <span class="state">
        <Status status={row.status} />
      </span>
      <span class="way" title={isOut ? 'Outbound' : 'Inbound'}>
        <Icon name={isOut ? 'out' : 'in'} />
        <span class="hidden">{isOut ? 'Outbound' : 'Inbound'}</span>
      </span>
      <span class="who">
        {formatPhone(isOut ? row.to_number : row.from_number)}{' '}
        <span class="ours">
          {isOut ? 'from' : 'to'} {formatPhone(isOut ? row.from_number : row.to_number)}
        </span>
      </span>
      <span class="text">
        {row.media_urls.length > 0 ? <span class="muted">[{row.media_urls.length} media] </span> : null}
        {row.body ?? <em class="muted">removed</em>}
      </span>
      <span class="assistant muted">{assistantName(row.assistant_id)}</span>
      <span class="when">
        <Time at={row.created_at} isShort />
      </span>
    </a>
  )
}

function useRowHeight(): number {
  const [isNarrow, setIsNarrow] = useState(() => matchMedia(narrow).matches)
  useEffect(() => {
    const media = matchMedia(narrow)
    const change = () => setIsNarrow(media.matches)
    media.addEventListener('change', change)
    return () => media.removeEventListener('change', change)
  }, [])
  return isNarrow ? rowHeights.narrow : rowHeights.wide
}

/** j and k move between rows from wherever the focus is, Escape leaves the list; Enter is the link's own. */
function useMoveKeys(
  box: { readonly current: HTMLElement | null },
  moves: { readonly first: number; readonly focusRow: (index: number) => void },
) {
  const latest = useRef(moves)
  latest.current = moves
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const { target } = event
      const isModified = event.ctrlKey || event.metaKey || event.altKey
      if (!(target instanceof HTMLElement) || isModified || document.querySelector('dialog[open]') !== null) return
      if (event.key === 'Escape') return target.blur()
      if (target.closest('input, textarea, select') !== null) return
      const step = { j: 1, k: -1, ArrowDown: 1, ArrowUp: -1 }[event.key]
      if (step === undefined) return
      const at = target.dataset.index
      if (at === undefined && event.key.startsWith('Arrow')) return
      event.preventDefault()
      latest.current.focusRow(at === undefined ? latest.current.first : Number(at) + step)
    }
    document.addEventListener('keydown', press)
    return () => document.removeEventListener('keydown', press)
  }, [box])
}
