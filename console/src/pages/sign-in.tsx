import { useEffect, useState } from 'preact/hooks'
import { ApiError, call } from '../api.ts'
import type { Session } from '../api-types.ts'
import { apiErrorOf } from '../loading.ts'
import { ErrorNote, Field, Form, textOf } from '../parts/form.tsx'

type Props = { readonly onEnter: (session: Session) => void }

/** With `#link=` in the address by that link, else by name and password. */
export function SignIn({ onEnter }: Props) {
  const [token, setToken] = useState(tokenInAddress())
  useEffect(() => {
    const arrive = () => setToken(tokenInAddress())
    window.addEventListener('hashchange', arrive)
    return () => window.removeEventListener('hashchange', arrive)
  }, [])
  const enter = (session: Session) => {
    forgetToken()
    onEnter(session)
  }
  useEffect(() => {
    document.title = 'Sign in · Textbridge'
  }, [])
  return (
    <main class="sign-in">
      <div class="brand">
        <img src="/console/icon.svg" alt="" />
        <span>Textbridge</span>
      </div>
      <div class="card">
        {token === undefined ? (
          <ByPassword onEnter={enter} />
        ) : (
          <ByLink
            token={token}
            onEnter={enter}
            onGiveUp={() => {
              forgetToken()
              setToken(undefined)
            }}
          />
        )}
      </div>
    </main>
  )
}

function ByPassword({ onEnter }: Props) {
  const [isFirstRun, setIsFirstRun] = useState(false)
  const [needsOrganization, setNeedsOrganization] = useState(false)
  useEffect(() => {
    call('GET /api/v1/session/first-run').then(
      ({ first_run }) => setIsFirstRun(first_run),
      // Then the form says so as soon as it is used.
      () => setIsFirstRun(false),
    )
  }, [])
  const signIn = async (form: FormData) => {
    const body = {
      name: textOf(form, 'name') ?? '',
      password: secretOf(form, 'password'),
      organization: textOf(form, 'organization') ?? null,
    }
    onEnter(await call('POST /api/v1/session', { body }))
  }
  return (
    <>
      <h1>Sign in</h1>
      {isFirstRun ? (
        <div class="note">
          <strong>Nobody can sign in yet.</strong>
          <p>
            Open the link that Textbridge printed when it started, or make one in its terminal with{' '}
            <code>npm run -s textbridge -- users link</code>.
          </p>
        </div>
      ) : null}
      <Form submit="Sign in" act={signIn}>
        <Field label="Name" name="name" autocomplete="username" required />
        <Field label="Password" name="password" type="password" autocomplete="current-password" required />
        {needsOrganization ? <Field label="Organization" name="organization" /> : null}
      </Form>
      {needsOrganization ? null : (
        <button type="button" class="button quiet" onClick={() => setNeedsOrganization(true)}>
          Name my organization too
        </button>
      )}
      <p class="hint">
        Forgotten? An owner can make you a link under Users; in the terminal <code>textbridge users link</code> does.
      </p>
    </>
  )
}

function ByLink(props: Props & { readonly token: string; readonly onGiveUp: () => void }) {
  const { token, onEnter, onGiveUp } = props
  const [needs, setNeeds] = useState<readonly string[]>()
  const [error, setError] = useState<ApiError>()
  useEffect(() => {
    const aborted = new AbortController()
    call('POST /api/v1/session/link', { body: { token }, signal: aborted.signal }).then(onEnter, (fault: unknown) => {
      if (aborted.signal.aborted) return
      const refused = apiErrorOf(fault)
      if (refused.needs.length > 0) setNeeds(refused.needs)
      else setError(refused)
    })
    return () => aborted.abort()
  }, [token])
  if (error !== undefined)
    return (
      <>
        <h1>This link does not work</h1>
        <ErrorNote error={error} />
        <button type="button" class="button" onClick={onGiveUp}>
          Sign in with a password
        </button>
      </>
    )
  if (needs === undefined) return <p role="status">Signing in…</p>
  const choose = async (form: FormData) => {
    if (secretOf(form, 'password') !== secretOf(form, 'again'))
      throw new ApiError(0, { detail: 'The two passwords differ.', hint: 'Type the same one twice.' })
    const body = { token, name: textOf(form, 'name') ?? null, password: secretOf(form, 'password') }
    onEnter(await call('POST /api/v1/session/link', { body }))
  }
  return (
    <>
      <h1>{needs.includes('name') ? 'Set up the first owner' : 'Choose a password'}</h1>
      <Form submit="Go on" act={choose}>
        {needs.includes('name') ? (
          <Field label="Name" name="name" autocomplete="username" required hint="How you sign in, e.g. your address." />
        ) : null}
        <Field
          label="Password"
          name="password"
          type="password"
          autocomplete="new-password"
          required
          minLength={12}
          hint="At least 12 characters. Several words are easy to remember and hard to guess."
        />
        <Field label="The same again" name="again" type="password" autocomplete="new-password" required />
      </Form>
    </>
  )
}

/** As it was typed: spaces count. */
export function secretOf(form: FormData, name: string): string {
  const value = form.get(name)
  return typeof value === 'string' ? value : ''
}

const linkMark = '#link='

function tokenInAddress(): string | undefined {
  const { hash } = window.location
  return hash.startsWith(linkMark) ? decodeURIComponent(hash.slice(linkMark.length)) : undefined
}

/** A link works once, and must not stay in the history. */
function forgetToken(): void {
  window.history.replaceState(null, '', window.location.pathname + window.location.search)
}
