import { ApiError, call } from '../api.ts'
import { useApp } from '../app-context.ts'
import { ActionButton } from '../parts/button.tsx'
import { Field, Form } from '../parts/form.tsx'
import { Facts, Page, Section, Time } from '../parts/page.tsx'
import { secretOf } from './sign-in.tsx'

export default function Account() {
  const { session, reloadSession, live } = useApp()
  const leave = (operation: 'DELETE /api/v1/session' | 'DELETE /api/v1/sessions') => async () => {
    await call(operation)
    live.stop()
    reloadSession()
  }
  const change = async (form: FormData) => {
    if (secretOf(form, 'password') !== secretOf(form, 'again'))
      throw new ApiError(0, { detail: 'The two new passwords differ.', hint: 'Type the same one twice.' })
    const body = { current_password: secretOf(form, 'current'), password: secretOf(form, 'password') }
    await call('PUT /api/v1/session/password', { body })
    reloadSession()
  }
  const { user, organization, expires_at: expiresAt } = session
  return (
    <Page
      title="Your account"
      actions={
        <>
          <ActionButton act={leave('DELETE /api/v1/session')}>Sign out</ActionButton>
          <ActionButton look="danger" act={leave('DELETE /api/v1/sessions')}>
            Sign out everywhere
          </ActionButton>
        </>
      }
    >
      <Facts
        facts={[
          ['Name', user?.name],
          ['Role', user?.role],
          ['Organization', organization.name],
          ['You may', session.scopes.join(', ')],
          ['Signed in until', expiresAt === null ? null : <Time key="until" at={expiresAt} />],
        ]}
      />
      <Section title="Change your password">
        <Form submit="Change" done="Changed. Other browsers are signed out." isCleared act={change}>
          <input type="text" name="user" value={user?.name ?? ''} autocomplete="username" hidden readOnly />
          <Field label="Present password" name="current" type="password" autocomplete="current-password" required />
          <Field
            label="New password"
            name="password"
            type="password"
            autocomplete="new-password"
            minLength={12}
            required
            hint="At least 12 characters."
          />
          <Field label="The same again" name="again" type="password" autocomplete="new-password" required />
        </Form>
      </Section>
    </Page>
  )
}
