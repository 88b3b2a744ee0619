import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { call } from '../api.ts'
import { useApp, usePlace } from '../app-context.ts'
import { capital, formatNumber } from '../format.ts'
import { apiErrorOf, useLive, useThrottled } from '../loading.ts'
import { logQueryOf } from '../log-query.ts'
import { makeLogWindow } from '../log-window.ts'
import { Field, type FieldType, Select } from '../parts/form.tsx'
import { MessageList } from '../parts/message-list.tsx'
import { useAssistants } from '../parts/names.tsx'
import { Empty, Fault, Page } from '../parts/page.tsx'
import { isMessageState, messageStates } from '../parts/status.tsx'
import { urlOf } from '../router.ts'

const any = { value: '', text: 'Any' }

export default function Messages() {
  const { query } = usePlace()
  const filter = logQueryOf(query)
  const key = JSON.stringify(filter)
  return (
    <Page title="Messages" isWide={true}>
      <Filters />
      <Log key={key} filterKey={key} />
    </Page>
  )
}

function Filters() {
  const { router } = useApp()
  const { query } = usePlace()
  const { options: assistants } = useAssistants()
  const search = useRef<HTMLDivElement>(null)
  const set = (name: string, value: string) => router.replace(urlOf('messages', undefined, { ...query, [name]: value }))
  const setSoon = useDelayed(set)
  const field = (name: string, label: string, type: FieldType, hint?: string) => (
    <Field
      label={label}
      name={name}
      type={type}
      placeholder={hint}
      value={query[name] ?? ''}
      onInput={(event) => setSoon(name, event.currentTarget.value)}
    />
  )
  const pick = (name: string, label: string, options: readonly { value: string; text: string }[]) => (
    <Select
      label={label}
      name={name}
      options={[any, ...options]}
      value={query[name] ?? ''}
      onPick={(value) => set(name, value)}
    />
  )
  useSlashKey(() => search.current?.querySelector('input')?.focus())
  const isNarrowed = ['from_number', 'to_number', 'date_from', 'date_to', 'provider'].some((name) => query[name])
  return (
    <search class="filters" aria-label="Filter messages">
      <div class="field search" ref={search}>
        {field('search', 'Search in texts', 'search', 'Part of a text')}
      </div>
      {pick(
        'status',
        'Status',
        messageStates.map((value) => ({ value, text: capital(value) })),
      )}
      {pick('direction', 'Direction', [
        { value: 'outbound', text: 'Outbound' },
        { value: 'inbound', text: 'Inbound' },
      ])}
      {pick('assistant_id', 'Assistant', assistants)}
      <details open={isNarrowed}>
        <summary>Numbers, provider and time</summary>
        <div>
          {field('from_number', 'From number', 'tel', '+1234567890')}
          {field('to_number', 'To number', 'tel', '+1555123456')}
          {field('provider', 'Provider', 'text', 'twilio')}
          {field('date_from', 'From (date)', 'date')}
          {field('date_to', 'Up to (date)', 'date')}
        </div>
      </details>
    </search>
  )
}

function Log({ filterKey }: { readonly filterKey: string }) {
  const { lastLog, router } = useApp()
  const { query } = usePlace()
  const assistants = useAssistants()
  const before = lastLog.value?.key === filterKey ? lastLog.value : undefined
  const log = useMemo(
    () =>
      before?.log ??
      makeLogWindow((cursor) =>
        call('GET /api/v1/sms-logs', { query: { ...logQueryOf(query), limit: 100, ...(cursor ? { cursor } : {}) } }),
      ),
    [],
  )
  const [, redraw] = useState(0)
  useEffect(() => log.subscribe(() => redraw((count) => count + 1)), [log])
  const [isAtTop, setIsAtTop] = useState((before?.top ?? 0) === 0)
  const [newer, setNewer] = useState(0)
  const refresh = useThrottled(() => void log.refresh())
  useEffect(() => {
    lastLog.value = { key: filterKey, log, top: before?.top ?? 0 }
    if (before === undefined || before.top === 0) void log.refresh()
    else log.look(0, 0)
  }, [log])
  useLive((event) => {
    if (event === undefined) return isAtTop ? refresh() : undefined
    if (!event.type.startsWith('message.')) return
    const { message_id: id, status } = event.data
    const isKnown = typeof id === 'string' && isMessageState(status) && log.patch(id, status)
    if (isKnown) return
    // A row that has the focus stays where it is.
    if (isAtTop && document.activeElement?.closest('.log li') === null) refresh()
    else setNewer((count) => count + 1)
  })
  const showNewest = () => {
    setNewer(0)
    setIsAtTop(true)
    if (lastLog.value !== undefined) lastLog.value.top = 0
    void log.refresh()
  }
  const total = log.total()
  const error = log.error()
  const isEmpty = log.rowCount() === 0
  const isFiltered = Object.keys(logQueryOf(query)).length > 0
  return (
    <>
      <div class="log-head">
        <span role="status">
          {total === undefined
            ? 'Loading…'
            : `${total >= 10_000 ? 'over ' : ''}${formatNumber(total)} ${total === 1 ? 'message' : 'messages'}`}
        </span>
        {newer > 0 ? (
          <button type="button" class="button main" onClick={showNewest}>
            {newer > 99 ? 'Many' : formatNumber(newer)} new: show
          </button>
        ) : null}
        <span class="keys-help">
          <kbd>j</kbd> <kbd>k</kbd> move, <kbd>Enter</kbd> open, <kbd>/</kbd> search, <kbd>Esc</kbd> leave
        </span>
      </div>
      {error === undefined ? null : <Fault error={apiErrorOf(error)} retry={() => void log.refresh()} />}
      {total !== undefined && isEmpty ? (
        isFiltered ? (
          <Empty title="No message fits">
            <a href={urlOf('messages')}>Show all messages</a>
          </Empty>
        ) : (
          <Empty title="No texts yet">
            Send one with <code>POST /sms/send</code> and an <a href={urlOf('keys')}>API key</a>; it appears here by
            itself.
          </Empty>
        )
      ) : (
        <MessageList
          log={log}
          top={before?.top ?? 0}
          assistantName={assistants.nameOf}
          onScroll={(top) => {
            if (lastLog.value !== undefined) lastLog.value.top = top
            setIsAtTop(top < 44)
            if (top < 44 && newer > 0) showNewest()
          }}
          onOpen={(id) => router.go(urlOf('messages', id))}
        />
      )}
    </>
  )
}

const typingMs = 300

/** A filter that is typed is asked for when the typing rests. */
function useDelayed(act: (name: string, value: string) => void) {
  const latest = useRef(act)
  latest.current = act
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined)
  useEffect(() => () => clearTimeout(timer.current), [])
  return (name: string, value: string) => {
    clearTimeout(timer.current)
    timer.current = setTimeout(() => latest.current(name, value), typingMs)
  }
}

/** Into the search by a slash, and out of any filter by Escape, also while there is no list. */
function useSlashKey(act: () => void) {
  const latest = useRef(act)
  latest.current = act
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const { target } = event
      const isTyping = target instanceof HTMLElement && target.closest('input, textarea, select') !== null
      if (isTyping && event.key === 'Escape') return target.blur()
      if (event.key !== '/' || isTyping || event.ctrlKey || event.metaKey) return
      event.preventDefault()
      latest.current()
    }
    document.addEventListener('keydown', press)
    return () => document.removeEventListener('keydown', press)
  }, [])
}
