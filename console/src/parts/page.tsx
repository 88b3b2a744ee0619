import type { ComponentChildren } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import type { ApiError } from '../api.ts'
import { formatShortTime, formatTime } from '../format.ts'
import type { Loaded } from '../loading.ts'
import { ErrorNote } from './form.tsx'
import { Icon } from './icon.tsx'

/** One page: its heading takes the focus when somebody comes to it, so that a screen reader says where they are. */
export function Page(props: {
  readonly title: string
  readonly children: ComponentChildren
  readonly lead?: ComponentChildren
  readonly actions?: ComponentChildren
  readonly back?: { readonly url: string; readonly text: string }
  readonly isWide?: boolean
}) {
  const { title, children, lead, actions, back, isWide = false } = props
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    document.title = `${title} · Textbridge`
  }, [title])
  useEffect(() => heading.current?.focus({ preventScroll: true }), [])
  return (
    <div class={isWide ? 'page wide' : 'page'}>
      {back === undefined ? null : (
        <a class="back" href={back.url}>
          <Icon name="back" />
          {back.text}
        </a>
      )}
      <header class="page-head">
        <div>
          <h1 ref={heading} tabIndex={-1}>
            {title}
          </h1>
          {lead === undefined ? null : <p class="lead">{lead}</p>}
        </div>
        {actions === undefined ? null : <div class="actions">{actions}</div>}
      </header>
      {children}
    </div>
  )
}

/** What was loaded, or that it is being loaded, or why it could not be. */
export function Ready<T>(props: {
  readonly from: Loaded<T>
  readonly children: (data: T) => ComponentChildren
  readonly lines?: number
}) {
  const { from, children, lines = 5 } = props
  return (
    <>
      {from.error === undefined ? null : <Fault error={from.error} retry={from.reload} />}
      {from.data !== undefined ? children(from.data) : from.error === undefined ? <Skeleton lines={lines} /> : null}
    </>
  )
}

export function Fault({ error, retry }: { readonly error: ApiError; readonly retry: () => void }) {
  return (
    <div class="fault">
      <ErrorNote error={error} />
      <button type="button" class="button" onClick={retry}>
        Try again
      </button>
    </div>
  )
}

export function Skeleton({ lines }: { readonly lines: number }) {
  return (
    <div class="skeleton" role="status" aria-label="Loading">
      {Array.from({ length: lines }, (_none, index) => (
        <span key={index} />
      ))}
    </div>
  )
}

/** Nothing is here, and what to do so that there is. */
export function Empty({ title, children }: { readonly title: string; readonly children?: ComponentChildren }) {
  return (
    <div class="empty">
      <strong>{title}</strong>
      {children === undefined ? null : <p>{children}</p>}
    </div>
  )
}

export function Time({ at, isShort = false }: { readonly at: string; readonly isShort?: boolean }) {
  return (
    <time dateTime={at} title={formatTime(at)}>
      {isShort ? formatShortTime(at) : formatTime(at)}
    </time>
  )
}

export function Section(props: {
  readonly title: string
  readonly children: ComponentChildren
  readonly actions?: ComponentChildren
}) {
  const { title, children, actions } = props
  return (
    <section class="section">
      <header>
        <h2>{title}</h2>
        {actions === undefined ? null : <div class="actions">{actions}</div>}
      </header>
      {children}
    </section>
  )
}

/** Names and values, one below the other. */
export function Facts({ facts }: { readonly facts: readonly (readonly [name: string, value: ComponentChildren])[] }) {
  return (
    <dl class="facts">
      {facts
        .filter(([, value]) => value !== undefined && value !== null && value !== '')
        .map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  )
}
