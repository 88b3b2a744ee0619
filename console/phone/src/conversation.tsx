import { useEffect, useRef } from 'preact/hooks'
import type { Place } from './address.ts'
import type { Overview, Text, Thread } from './carrier-api.ts'
import { Composer } from './composer.tsx'
import { Faults } from './faults.tsx'
import { dayOf, ticksOf, timeOf } from './words.ts'

export type ConversationProps = {
  readonly place: Place
  readonly thread: Thread | undefined
  readonly overview: Overview | undefined
  readonly notice: string
  readonly say: (notice: string) => void
  readonly fail: (error: unknown) => void
  readonly close: () => void
}

export function Conversation(props: ConversationProps) {
  const { place, thread, overview, notice, close } = props
  return (
    <div class="with-side">
      <section class="phone" aria-label={`The phone of ${place.person}`}>
        <header>
          <button type="button" class="back" onClick={close} aria-label="All conversations">
            ‹
          </button>
          <div class="contact">
            <h1>{place.number}</h1>
            <p>on the phone of {place.person}</p>
          </div>
        </header>
        <Bubbles thread={thread} />
        <Composer {...props} />
      </section>
      <aside class="side" aria-label="The carrier">
        {overview !== undefined && <Faults {...props} overview={overview} />}
        <p class="notice" role="status">
          {notice}
        </p>
      </aside>
    </div>
  )
}

const endDistancePx = 40

function Bubbles({ thread }: { readonly thread: Thread | undefined }) {
  const list = useRef<HTMLOListElement>(null)
  const isAtEnd = useRef(true)
  // Who reads further up stays there.
  useEffect(() => {
    if (isAtEnd.current) list.current?.scrollTo({ top: list.current.scrollHeight })
  })
  if (thread === undefined) return <p class="bubbles empty">Loading…</p>
  if (thread.texts.length === 0) return <p class="bubbles empty">No text yet. Write one below, or have one sent.</p>
  return (
    <ol
      class="bubbles"
      ref={list}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard.
      tabIndex={0}
      aria-label="Texts"
      aria-live="polite"
      onScroll={({ currentTarget: { scrollHeight, scrollTop, clientHeight } }) => {
        isAtEnd.current = scrollHeight - scrollTop - clientHeight < endDistancePx
      }}
    >
      {thread.count > thread.texts.length && <li class="day">The newest {thread.texts.length} texts</li>}
      {thread.texts.map((text, index) => (
        <Bubble key={text.id} text={text} day={dayBefore(text, thread.texts[index - 1])} />
      ))}
    </ol>
  )
}

function dayBefore(text: Text, previous: Text | undefined): string | undefined {
  const day = dayOf(text.created_at)
  return previous !== undefined && dayOf(previous.created_at) === day ? undefined : day
}

function Bubble({ text, day }: { readonly text: Text; readonly day: string | undefined }) {
  const { sign, says, isBad } = ticksOf(text)
  return (
    <>
      {day !== undefined && <li class="day">{day}</li>}
      <li class={text.from_person ? 'bubble own' : 'bubble'}>
        <span class="hidden">{text.from_person ? 'The person wrote: ' : 'Received: '}</span>
        {text.media.map(({ address, picture }) =>
          picture === null ? (
            <p key={address} class="link">
              <span class="hidden">Media that is not loaded: </span>
              {address}
            </p>
          ) : (
            <img key={address} src={picture} alt="Sent with the text" width="240" height="180" />
          ),
        )}
        {text.body !== '' && <p class="body">{text.body}</p>}
        <p class={isBad ? 'state bad' : 'state'}>
          <time dateTime={text.created_at}>{timeOf(text.created_at)}</time>{' '}
          <span title={says} aria-hidden="true">
            {sign}
          </span>
          <span class={isBad ? '' : 'hidden'}> {says}</span>
        </p>
      </li>
    </>
  )
}
