import { createContext } from 'preact'
import { useContext, useEffect, useState } from 'preact/hooks'
import type { Session } from './api-types.ts'
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

export function useCan(scope: Scope): boolean {
  return useApp().session.scopes.includes(scope)
}

export function usePlace(): Place {
  const { router } = useApp()
  return usePlaceOf(router)
}

export function usePlaceOf(router: Router): Place {
  const [place, setPlace] = useState(router.place())
  useEffect(() => router.subscribe(() => setPlace(router.place())), [router])
  return place
}
