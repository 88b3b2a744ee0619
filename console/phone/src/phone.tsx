import { useCallback, useEffect, useReducer, useState } from 'preact/hooks'
import { addressOf, isSame, type Place, placeOf } from './address.ts'
import { type Change, type Overview, readOverview, readThread, type Thread, watchCarrier } from './carrier-api.ts'
import { Conversation } from './conversation.tsx'
import { afterChange, emptyState, type State } from './state.ts'
import { Threads } from './threads.tsx'

type Action =
  | { readonly kind: 'change'; readonly change: Change }
  | { readonly kind: 'overview'; readonly overview: Overview }
  | { readonly kind: 'thread'; readonly thread: Thread | undefined }
  | { readonly kind: 'notice'; readonly notice: string }

function reduce(state: State, action: Action): State {
  switch (action.kind) {
    case 'change':
      return afterChange(state, action.change)
    case 'overview':
      return { ...state, overview: action.overview }
    case 'thread':
      return { ...state, thread: action.thread }
    case 'notice':
      return { ...state, notice: action.notice }
  }
}

export function Phone() {
  const [state, dispatch] = useReducer(reduce, emptyState)
  const [place, setPlace] = useState(() => placeOf(location.hash))
  const say = useCallback((notice: string) => dispatch({ kind: 'notice', notice }), [])
  const fail = useCallback((error: unknown) => say(error instanceof Error ? error.message : String(error)), [say])

  useEffect(() => {
    const move = () => setPlace(placeOf(location.hash))
    addEventListener('hashchange', move)
    return () => removeEventListener('hashchange', move)
  }, [])

  useEffect(
    () =>
      watchCarrier((change) => {
        dispatch({ kind: 'change', change })
        if (change.kind === 'opened') readOverview().then((overview) => dispatch({ kind: 'overview', overview }), fail)
      }),
    [fail],
  )

  const { overview, thread, isLive, notice } = state
  useEffect(() => {
    dispatch({ kind: 'notice', notice: '' })
    dispatch({ kind: 'thread', thread: undefined })
  }, [place])
  useEffect(() => {
    if (place === undefined || !isLive) return
    let isCurrent = true
    readThread(place.person, place.number).then(
      (read) => isCurrent && dispatch({ kind: 'thread', thread: read }),
      (error: unknown) => isCurrent && fail(error),
    )
    return () => {
      isCurrent = false
    }
  }, [place, isLive, fail])

  const open = (next: Place | undefined) => {
    location.hash = next === undefined ? '' : addressOf(next)
  }
  return (
    <main class={place === undefined ? 'page' : 'page has-place'}>
      <Threads overview={overview} place={place} open={open} />
      <div class="stage">
        {!isLive && (
          <p class="banner" role="status">
            The simulator does not answer. This page tries again by itself.
          </p>
        )}
        {place === undefined ? (
          <Welcome hasThreads={overview !== undefined && overview.threads.length > 0} />
        ) : (
          <Conversation
            key={addressOf(place)}
            place={place}
            thread={isSame(thread, place) ? thread : undefined}
            overview={overview}
            notice={notice}
            say={say}
            fail={fail}
            close={() => open(undefined)}
          />
        )}
      </div>
    </main>
  )
}

function Welcome({ hasThreads }: { readonly hasThreads: boolean }) {
  return (
    <div class="welcome">
      <h2>{hasThreads ? 'Choose a phone' : 'No text yet'}</h2>
      <p>
        {hasThreads
          ? 'Open a conversation to read it as the person who got the texts, and answer.'
          : 'Send one with the curl line that npm start printed, and it appears here at once. Or type a number to text from.'}
      </p>
    </div>
  )
}
