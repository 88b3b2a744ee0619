/** Addresses of the console: `/console/<page>/<id>?<state>`. All state that a person would want back stands in them. */
export type Place = {
  readonly page: string
  readonly id: string | undefined
  readonly query: Readonly<Record<string, string>>
}

export type Router = {
  readonly place: () => Place
  readonly go: (url: string) => void
  /** Without an entry of its own in the history: for filters while they are typed. */
  readonly replace: (url: string) => void
  readonly subscribe: (listener: () => void) => () => void
}

const root = '/console'

export function placeOf(url: string): Place {
  const { pathname, searchParams } = new URL(url, 'http://console')
  const [page = '', id] = pathname.slice(root.length).split('/').filter(Boolean).map(decode)
  return { page: page === '' ? 'overview' : page, id, query: Object.fromEntries(searchParams) }
}

/** Empty values stay out, so that the same state always has the same address. */
export function urlOf(page: string, id?: string | number, query: Readonly<Record<string, string | undefined>> = {}) {
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) if (value) search.set(name, value)
  const path = page === 'overview' ? root : `${root}/${page}`
  const whole = id === undefined ? path : `${path}/${encodeURIComponent(id)}`
  return search.size === 0 ? whole : `${whole}?${search}`
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

export function makeRouter(window: Window): Router {
  const listeners = new Set<() => void>()
  let place = placeOf(window.location.href)
  const arrive = () => {
    place = placeOf(window.location.href)
    for (const listener of listeners) listener()
  }
  const go = (url: string) => {
    window.history.pushState(null, '', url)
    arrive()
  }
  window.addEventListener('popstate', arrive)
  window.document.addEventListener('click', (event) => {
    const url = ownLinkOf(event, window)
    if (url === undefined) return
    event.preventDefault()
    go(url)
  })
  return {
    place: () => place,
    go,
    replace: (url) => {
      window.history.replaceState(null, '', url)
      arrive()
    },
    subscribe: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

/** A plain click on a link to a page of ours; anything else is the browser's. */
function ownLinkOf(event: MouseEvent, { location }: Window): string | undefined {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey)
    return undefined
  const link = event.target instanceof Element ? event.target.closest('a') : null
  if (link === null || link.target !== '' || link.hasAttribute('download') || link.origin !== location.origin)
    return undefined
  const isOurs = link.pathname === root || link.pathname.startsWith(`${root}/`)
  const isAnchor = link.hash !== '' && link.pathname === location.pathname
  return isOurs && !isAnchor ? link.href : undefined
}
