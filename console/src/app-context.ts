import { createContext } from 'preact'
import { useContext, useEffect, useState } from 'preact/hooks'
import type { Organization, Session } from './api-types.ts'
import type { Live } from './live.ts'
import type { LogWindow } from './log-window.ts'
import type { Place, Router } from './router.ts'

export type Scope = Session['scopes'][number]
export type Toast = {
  readonly id: number
  readonly tone: 'good' | 'bad'
  readonly text: string
  readonly hint?: string
}

export type App = {
  readonly router: Router
  readonly live: Live
  readonly session: Session
  readonly toast: (toast: Omit<Toast, 'id'>) => void
  /** Asks again who is signed in: after a name, a role or the session itself has changed. */
  readonly reloadSession: () => void
  /** The message log as it was left, for the way back. */
  readonly lastLog: { value?: { readonly key: string; readonly log: LogWindow; top: number } }
}

export const AppContext = createContext<App | undefined>(undefined)

export function useApp(): App {
  const app = useContext(AppContext)
  if (app === undefined) throw new Error('a part of the console stands outside of it')
  return app
}

type LoadedOrganization = { readonly data: Organization | undefined; readonly reload: () => void }

/** Shared by the banner that says it is paused and the button that pauses it. */
export const OrganizationContext = createContext<LoadedOrganization | undefined>(undefined)

export function useOrganization(): LoadedOrganization {
  const loaded = useContext(OrganizationContext)
  if (loaded === undefined) throw new Error('a part of the console stands outside of its shell')
  return loaded
}

export function useCan(scope: Scope): boolean {
  return useApp().session.scopes.includes(scope)
}

/** The address that the page is drawn for: while its successor is being fetched, a page keeps its own. */
export const PlaceContext = createContext<Place | undefined>(undefined)

/** In a page, the address of that page; elsewhere the address there is. */
export function usePlace(): Place {
  const { router } = useApp()
  const present = usePlaceOf(router)
  return useContext(PlaceContext) ?? present
}

export function usePlaceOf(router: Router): Place {
  const [place, setPlace] = useState(router.place())
  useEffect(() => router.subscribe(() => setPlace(router.place())), [router])
  return place
}
