import { call } from '../api.ts'
import { useApp, useCan } from '../app-context.ts'
import { useLoad } from '../loading.ts'
import { DialogButton } from '../parts/dialog.tsx'
import { Field, Select, textOf } from '../parts/form.tsx'
import { Empty, Page, Ready } from '../parts/page.tsx'
import { PauseButton, PausedBadge } from '../parts/pause.tsx'
import { Badge } from '../parts/status.tsx'
import { Table } from '../parts/table.tsx'
import { urlOf } from '../router.ts'

export default function Assistants() {
  const loaded = useLoad('GET /api/v1/assistants', { query: { limit: 1_000 } })
  const accounts = useLoad('GET /api/v1/provider-accounts')
  const mayManage = useCan('manage')
  const accountName = (id: number | null) =>
    accounts.data?.find((account) => account.id === id)?.name ?? 'of its number'
  return (
    <Page
      title="Assistants"
      lead="Who owns your numbers. Each has its provider account, its address for inbound texts, and rules of its own."
      actions={mayManage ? <CreateButton /> : null}
    >
      <Ready from={loaded}>
        {(assistants) =>
          assistants.length === 0 ? (
            <Empty title="No assistants yet">Create one, then give it a number under Numbers.</Empty>
          ) : (
            <Table
              label="Assistants"
              rows={assistants}
              keyOf={(one) => one.id}
              columns={[
                { label: 'Name', kind: 'main', cell: (one) => <a href={urlOf('assistants', one.id)}>{one.name}</a> },
                {
                  label: 'State',
                  cell: (one) =>
                    one.paused_at !== null ? (
                      <PausedBadge pausedAt={one.paused_at} />
                    ) : one.is_active ? (
                      <Badge tone="good" icon="check" text="Active" />
                    ) : (
                      <Badge tone="quiet" icon="cross" text="Inactive" />
                    ),
                },
                { label: 'Provider account', cell: (one) => accountName(one.provider_account_id) },
                {
                  label: 'Inbound texts go to',
                  cell: (one) => one.sms_webhook_url ?? <span class="muted">nobody</span>,
                },
                {
                  label: 'Actions',
                  kind: 'actions',
                  cell: ({ id, name, paused_at }) => (
                    <div>
                      <PauseButton
                        what={name}
                        pausedAt={paused_at}
                        pause={(reason) =>
                          call('POST /api/v1/assistants/{assistant_id}/pause', {
                            path: { assistant_id: id },
                            body: { reason },
                          })
                        }
                        resume={() =>
                          call('POST /api/v1/assistants/{assistant_id}/resume', {
                            path: { assistant_id: id },
                            body: {},
                          })
                        }
                        onDone={loaded.reload}
                      />
                    </div>
                  ),
                },
              ]}
            />
          )
        }
      </Ready>
    </Page>
  )
}

function CreateButton() {
  const { router } = useApp()
  const accounts = useLoad('GET /api/v1/provider-accounts')
  const create = async (form: FormData) => {
    const account = textOf(form, 'account')
    const { id } = await call('POST /api/v1/assistants', {
      body: {
        name: textOf(form, 'name') ?? '',
        provider_account_id: account === undefined ? null : Number(account),
        sms_webhook_url: textOf(form, 'url') ?? null,
      },
    })
    router.go(urlOf('assistants', id))
  }
  const options = (accounts.data ?? []).map(({ id, name, provider }) => ({
    value: String(id),
    text: `${name} (${provider})`,
  }))
  return (
    <DialogButton button="Create" look="main" title="Create an assistant" submit="Create" act={create}>
      <Field label="Name" name="name" required maxLength={200} />
      <Select
        label="Provider account"
        name="account"
        options={[{ value: '', text: 'That of its number' }, ...options]}
      />
      <Field
        label="Inbound texts go to"
        name="url"
        type="url"
        placeholder="https://example.com/sms"
        hint="Your program’s address. May come later."
      />
    </DialogButton>
  )
}
