import { useState } from 'preact/hooks'
import { call } from '../api.ts'
import type { ApiKeyCreated } from '../api-types.ts'
import { formatNumber, plural } from '../format.ts'
import { useLoad } from '../loading.ts'
import { CopyButton } from '../parts/button.tsx'
import { Dialog, DialogButton } from '../parts/dialog.tsx'
import { Check, Field, numberOf, Select, textOf } from '../parts/form.tsx'
import { Empty, Page, Ready, Time } from '../parts/page.tsx'
import { Badge } from '../parts/status.tsx'
import { Table } from '../parts/table.tsx'

const scopes = ['send', 'read', 'operate', 'manage'] as const
const scopeHints = {
  send: 'Send texts, and read what became of them.',
  read: 'Read everything but secrets.',
  operate: 'Pause, approve, resolve, and decide about opt-outs.',
  manage: 'Change everything, keys included.',
} as const
const periods = ['second', 'minute', 'hour'] as const

export default function Keys() {
  const loaded = useLoad('GET /api/v1/users/me/api-keys')
  const [created, setCreated] = useState<ApiKeyCreated>()
  const create = async (form: FormData) => {
    const expiry = textOf(form, 'expires')
    const requests = numberOf(form, 'requests')
    const per = periods.find((period) => period === textOf(form, 'per')) ?? 'minute'
    const answer = await call('POST /api/v1/users/me/api-keys', {
      body: {
        name: textOf(form, 'name') ?? '',
        scopes: scopes.filter((scope) => form.has(scope)),
        expires_at: expiry === undefined ? null : new Date(expiry).toISOString(),
        rate_limit: requests === undefined ? null : { requests, per },
      },
    })
    setCreated(answer)
    loaded.reload()
  }
  return (
    <Page
      title="API keys"
      lead="For programs. A key is shown once, when it is made."
      actions={
        <DialogButton button="Create" look="main" title="Create an API key" submit="Create" act={create}>
          <Field label="Name" name="name" required maxLength={100} hint="What it is for." />
          <fieldset>
            <legend>It may</legend>
            {scopes.map((scope) => (
              <Check
                key={scope}
                label={scope}
                name={scope}
                hint={scopeHints[scope]}
                checked={scope === 'send' || scope === 'read'}
              />
            ))}
          </fieldset>
          <Field label="Expires" name="expires" type="datetime-local" hint="Empty: never." />
          <div class="row">
            <Field label="At most so many requests" name="requests" type="number" min={1} placeholder="no limit" />
            <Select label="Period" name="per" options={periods.map((value) => ({ value, text: `per ${value}` }))} />
          </div>
        </DialogButton>
      }
    >
      {created === undefined ? null : (
        <Dialog title="Your new key" onClose={() => setCreated(undefined)}>
          <p>Copy it now: it is not shown again, and nobody can look it up.</p>
          <p class="secret">{created.key}</p>
          <CopyButton text={created.key} what="the key" />
        </Dialog>
      )}
      <Ready from={loaded}>
        {(keys) =>
          keys.length === 0 ? (
            <Empty title="No keys yet">Create one, and give it to the program that sends.</Empty>
          ) : (
            <Table
              label="API keys"
              rows={keys}
              keyOf={(one) => one.id}
              columns={[
                {
                  label: 'Name',
                  kind: 'main',
                  cell: (one) => (
                    <>
                      {one.name}
                      <div class="muted small">
                        <code>{one.key_prefix}…</code>
                      </div>
                    </>
                  ),
                },
                { label: 'May', cell: (one) => one.scopes.join(', ') },
                {
                  label: 'State',
                  cell: (one) =>
                    one.is_active ? (
                      <Badge tone="good" icon="check" text="Active" />
                    ) : (
                      <Badge tone="quiet" icon="cross" text="Expired" />
                    ),
                },
                {
                  label: 'Used',
                  cell: (one) =>
                    one.last_used_at === null ? (
                      'never'
                    ) : (
                      <>
                        <Time at={one.last_used_at} isShort />
                        <div class="muted small">{plural(one.usage_count, 'request')}</div>
                      </>
                    ),
                },
                {
                  label: 'Limit',
                  cell: ({ rate_limit: { requests, per } }) =>
                    requests === undefined ? 'none' : `${formatNumber(requests)} per ${per}`,
                },
                {
                  label: 'Expires',
                  cell: (one) => (one.expires_at === null ? 'never' : <Time at={one.expires_at} isShort />),
                },
                {
                  label: 'Actions',
                  kind: 'actions',
                  cell: ({ id, name, is_active: isActive }) =>
                    isActive ? (
                      <div>
                        <DialogButton
                          button="Revoke"
                          look="danger"
                          label={`Revoke ${name}`}
                          title={`Revoke ${name}?`}
                          submit="Revoke"
                          submitLook="danger"
                          act={async () =>
                            call('DELETE /api/v1/users/me/api-keys/{key_id}', { path: { key_id: id } }).then(
                              loaded.reload,
                            )
                          }
                        >
                          <p>Programs that use it are refused from then on, within seconds. This cannot be undone.</p>
                        </DialogButton>
                      </div>
                    ) : null,
                },
              ]}
            />
          )
        }
      </Ready>
    </Page>
  )
}
