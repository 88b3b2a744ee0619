import { useState } from 'preact/hooks'
import { call } from '../api.ts'
import type { SignInLink, User } from '../api-types.ts'
import { useApp } from '../app-context.ts'
import { useLoad } from '../loading.ts'
import { ActionButton, CopyButton } from '../parts/button.tsx'
import { Dialog, DialogButton } from '../parts/dialog.tsx'
import { Field, Select, textOf } from '../parts/form.tsx'
import { Page, Ready, Time } from '../parts/page.tsx'
import { Badge } from '../parts/status.tsx'
import { Table } from '../parts/table.tsx'

const roles = ['viewer', 'operator', 'owner'] as const
const roleOptions = [
  { value: 'viewer', text: 'Viewer: reads' },
  { value: 'operator', text: 'Operator: sends, pauses, approves, resolves' },
  { value: 'owner', text: 'Owner: everything' },
]
const roleOf = (form: FormData) => roles.find((role) => role === textOf(form, 'role')) ?? 'viewer'

export default function Users() {
  const { session, reloadSession } = useApp()
  const loaded = useLoad('GET /api/v1/users')
  const [link, setLink] = useState<{ readonly name: string; readonly link: SignInLink }>()
  const create = async (form: FormData) => {
    const answer = await call('POST /api/v1/users', { body: { name: textOf(form, 'name') ?? '', role: roleOf(form) } })
    setLink({ name: answer.user.name, link: answer.link })
    loaded.reload()
  }
  const changed = () => {
    loaded.reload()
    reloadSession()
  }
  return (
    <Page
      title="Users"
      lead="Who may sign in here. A new user gets a link from you, once, and chooses a password."
      actions={
        <DialogButton button="Add" look="main" title="Add a user" submit="Add" act={create}>
          <Field label="Name" name="name" required hint="How they sign in, e.g. their address." />
          <Select label="Role" name="role" options={roleOptions} value="operator" />
        </DialogButton>
      }
    >
      {link === undefined ? null : (
        <Dialog title={`A link for ${link.name}`} onClose={() => setLink(undefined)}>
          <p>
            It lets in whoever opens it, once, until <Time at={link.link.expires_at} />. Hand it to them in a way that
            nobody else reads; it is not shown again.
          </p>
          <p class="secret">{link.link.url}</p>
          <CopyButton text={link.link.url} what="the link" />
        </Dialog>
      )}
      <Ready from={loaded}>
        {(users) => (
          <Table
            label="Users"
            rows={users}
            keyOf={(one) => one.id}
            columns={[
              {
                label: 'Name',
                kind: 'main',
                cell: (one) => (one.id === session.user?.id ? `${one.name} (you)` : one.name),
              },
              { label: 'Role', cell: (one) => one.role },
              {
                label: 'State',
                cell: (one) =>
                  one.has_password ? (
                    <Badge tone="good" icon="check" text="Can sign in" />
                  ) : (
                    <Badge tone="warn" icon="clock" text="Has yet to open their link" />
                  ),
              },
              {
                label: 'Last signed in',
                cell: (one) => (one.last_signed_in_at === null ? 'never' : <Time at={one.last_signed_in_at} isShort />),
              },
              {
                label: 'Actions',
                kind: 'actions',
                cell: (one) => (
                  <Actions user={one} onChange={changed} onLink={(made) => setLink({ name: one.name, link: made })} />
                ),
              },
            ]}
          />
        )}
      </Ready>
    </Page>
  )
}

function Actions(props: {
  readonly user: User
  readonly onChange: () => void
  readonly onLink: (link: SignInLink) => void
}) {
  const { user, onChange, onLink } = props
  const path = { user_id: user.id }
  return (
    <div>
      <ActionButton
        label={`Make a sign-in link for ${user.name}`}
        act={async () => onLink(await call('POST /api/v1/users/{user_id}/link', { path }))}
      >
        Link
      </ActionButton>
      <DialogButton
        button="Change"
        label={`Change ${user.name}`}
        title={user.name}
        submit="Save"
        act={async (form) => {
          const name = textOf(form, 'name')
          const body = { ...(name === undefined ? {} : { name }), role: roleOf(form) }
          await call('PATCH /api/v1/users/{user_id}', { path, body })
          onChange()
        }}
      >
        <Field label="Name" name="name" required value={user.name} />
        <Select label="Role" name="role" options={roleOptions} value={user.role} />
      </DialogButton>
      <DialogButton
        button="Remove"
        look="danger"
        label={`Remove ${user.name}`}
        title={`Remove ${user.name}?`}
        submit="Remove"
        submitLook="danger"
        act={async () => call('DELETE /api/v1/users/{user_id}', { path }).then(onChange)}
      >
        <p>They are signed out everywhere. What they did stays in the audit log.</p>
      </DialogButton>
    </div>
  )
}
