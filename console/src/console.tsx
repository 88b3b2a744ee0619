import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import { type ApiError, call } from './api.ts'
import type { Session } from './api-types.ts'
import { type App, AppContext, type Toast } from './app-context.ts'
import type { Live } from './live.ts'
import { apiErrorOf } from './loading.ts'
import { SignIn } from './pages/sign-in.tsx'
import { Fault, Skeleton } from './parts/page.tsx'
import { Toasts } from './parts/toasts.tsx'
import type { Router } from './router.ts'
import { Shell } from './shell.tsx'

type Entry =
  | { readonly kind: 'asking' }
  | { readonly kind: 'out' }
  | { readonly kind: 'in'; readonly session: Session }
  | { readonly kind: 'fault'; readonly error: ApiError }

/** Who is signed in decides what there is: the sign-in page keeps the address, so that a link leads on after it. */
export function Console({ router, live }: { readonly router: Router; readonly live: Live }) {
  const [entry, setEntry] = useState<Entry>({ kind: 'asking' })
  const { toasts, toast, dismiss } = useToasts()
  const lastLog = useRef<App['lastLog']>({}).current
  const reloadSession = useCallback(() => {
    call('GET /api/v1/session').then(
      (session) => setEntry({ kind: 'in', session }),
      (fault: unknown) => {
        const error = apiErrorOf(fault)
        setEntry(error.status === 401 ? { kind: 'out' } : { kind: 'fault', error })
      },
    )
  }, [])
  useEffect(reloadSession, [reloadSession])
  const isIn = entry.kind === 'in'
  useEffect(() => {
    if (isIn) live.start()
    else live.stop()
  }, [isIn, live])

  const enter = (session: Session) => setEntry({ kind: 'in', session })
  if (entry.kind === 'asking') return <main class="sign-in">{<Skeleton lines={4} />}</main>
  if (entry.kind === 'fault') return <main class="sign-in">{<Fault error={entry.error} retry={reloadSession} />}</main>
  if (entry.kind === 'out' || window.location.hash.startsWith('#link=')) return <SignIn onEnter={enter} />
  return (
    <AppContext.Provider value={{ router, live, session: entry.session, toast, reloadSession, lastLog }}>
      <Shell />
      <Toasts toasts={toasts} dismiss={dismiss} />
    </AppContext.Provider>
  )
}

const toastsMax = 4
const toastMs = 6_000

/** What went well goes by itself; what went wrong stays until somebody has read it. */
function useToasts() {
  const [toasts, setToasts] = useState<readonly Toast[]>([])
  const next = useRef(1)
  const dismiss = useCallback((id: number) => setToasts((before) => before.filter((one) => one.id !== id)), [])
  const toast = useCallback(
    (made: Omit<Toast, 'id'>) => {
      const id = next.current++
      setToasts((before) => [...before, { ...made, id }].slice(-toastsMax))
      if (made.tone === 'good') setTimeout(() => dismiss(id), toastMs)
    },
    [dismiss],
  )
  return { toasts, toast, dismiss }
}
