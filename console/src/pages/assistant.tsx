import { call } from '../api.ts'
import type { Assistant } from '../api-types.ts'
import { useApp, useCan, usePlace } from '../app-context.ts'
import { formatPhone } from '../format.ts'
import { useLoad } from '../loading.ts'
import { ActionButton } from '../parts/button.tsx'
import { DialogButton } from '../parts/dialog.tsx'
import { Check, Field, Form, listOf, numberOf, Select, TextArea, textOf } from '../parts/form.tsx'
import { Empty, Facts, Page, Ready, Section, Time } from '../parts/page.tsx'
import { PauseButton, PausedBadge } from '../parts/pause.tsx'
import { Rules } from '../parts/rules.tsx'
import { Table } from '../parts/table.tsx'
import { urlOf } from '../router.ts'

export default function AssistantPage() {
  const { router } = useApp()
  const { id = '' } = usePlace()
  const path = { assistant_id: Number(id) }
  const loaded = useLoad('GET /api/v1/assistants/{assistant_id}', { path })
  const mayManage = useCan('manage')
  const { data, reload } = loaded
  return (
    <Page
      title={data?.name ?? 'Assistant'}
      lead={data?.description ?? undefined}
      back={{ url: urlOf('assistants'), text: 'Assistants' }}
      actions={
        data === undefined ? null : (
          <>
            <PausedBadge pausedAt={data.paused_at} />
            <a class="button" href={urlOf('messages', undefined, { assistant_id: id })}>
              Its messages
            </a>
            <PauseButton
              what={data.name}
              pausedAt={data.paused_at}
              pause={(reason) => call('POST /api/v1/assistants/{assistant_id}/pause', { path, body: { reason } })}
              resume={() => call('POST /api/v1/assistants/{assistant_id}/resume', { path, body: {} })}
              onDone={reload}
            />
            {mayManage ? (
              <DialogButton
                button="Delete"
                look="danger"
                title={`Delete ${data.name}?`}
                submit="Delete"
                submitLook="danger"
                act={async () => {
                  await call('DELETE /api/v1/assistants/{assistant_id}', { path })
                  router.go(urlOf('assistants'))
                }}
              >
                <p>Its messages stay in the log. Its numbers have nobody then, and send nothing.</p>
              </DialogButton>
            ) : null}
          </>
        )
      }
    >
      <Ready from={loaded}>
        {(assistant) => (
          <>
            <div class="columns">
              <Section title="Settings">
                {mayManage ? <Settings assistant={assistant} reload={reload} /> : <Shown assistant={assistant} />}
              </Section>
              <Numbers assistant={assistant} />
            </div>
            <OwnRules id={assistant.id} />
          </>
        )}
      </Ready>
    </Page>
  )
}

function Shown({ assistant }: { readonly assistant: Assistant }) {
  return (
    <Facts
      facts={[
        ['Inbound texts go to', assistant.sms_webhook_url],
        ['Active', assistant.is_active ? 'yes' : 'no'],
        ['Created', <Time key="created" at={assistant.created_at} />],
      ]}
    />
  )
}

function Settings({ assistant, reload }: { readonly assistant: Assistant; readonly reload: () => void }) {
  const accounts = useLoad('GET /api/v1/provider-accounts')
  const { inbound } = assistant
  const save = async (form: FormData) => {
    const account = textOf(form, 'account')
    await call('PATCH /api/v1/assistants/{assistant_id}', {
      path: { assistant_id: assistant.id },
      body: {
        name: textOf(form, 'name') ?? null,
        description: textOf(form, 'description') ?? null,
        sms_webhook_url: textOf(form, 'url') ?? null,
        provider_account_id: account === undefined ? null : Number(account),
        is_active: form.has('active'),
        inbound: {
          coalesce_ms: numberOf(form, 'coalesce') ?? null,
          freed_keywords: listOf(form, 'freed'),
          opt_out_reply: textOf(form, 'opt_out_reply') ?? null,
          opt_in_reply: textOf(form, 'opt_in_reply') ?? null,
          help_reply: textOf(form, 'help_reply') ?? null,
        },
      },
    })
    reload()
  }
  const options = (accounts.data ?? []).map(({ id, name, provider }) => ({
    value: String(id),
    text: `${name} (${provider})`,
  }))
  return (
    <Form submit="Save" done="Saved." act={save}>
      <Field label="Name" name="name" required maxLength={200} value={assistant.name} />
      <TextArea label="Description" name="description" rows={2} value={assistant.description ?? ''} />
      <Field
        label="Inbound texts go to"
        name="url"
        type="url"
        value={assistant.sms_webhook_url ?? ''}
        hint="Signed posts; the secret stands at its event endpoint."
      />
      <Select
        label="Provider account"
        name="account"
        options={[{ value: '', text: 'That of its number' }, ...options]}
        value={assistant.provider_account_id === null ? '' : String(assistant.provider_account_id)}
      />
      <Check label="Active" name="active" checked={assistant.is_active} />
      <details>
        <summary>Inbound texts and keywords</summary>
        <div class="form">
          <Field
            label="Gather bursts for (ms)"
            name="coalesce"
            type="number"
            min={0}
            value={inbound.coalesce_ms ?? ''}
            hint="Several texts in a row reach your program as one."
          />
          <TextArea
            label="Keywords that are ordinary words here"
            name="freed"
            rows={2}
            value={(inbound.freed_keywords ?? []).join('\n')}
            hint="One per line."
          />
          <TextArea label="Reply to STOP" name="opt_out_reply" rows={2} value={inbound.opt_out_reply ?? ''} />
          <TextArea label="Reply to START" name="opt_in_reply" rows={2} value={inbound.opt_in_reply ?? ''} />
          <TextArea label="Reply to HELP" name="help_reply" rows={2} value={inbound.help_reply ?? ''} />
        </div>
      </details>
    </Form>
  )
}

function Numbers({ assistant }: { readonly assistant: Assistant }) {
  const path = { assistant_id: assistant.id }
  const loaded = useLoad('GET /api/v1/assistants/{assistant_id}/phone-numbers', { path })
  const available = useLoad('GET /api/v1/assistants/{assistant_id}/available-phone-numbers', { path })
  const mayManage = useCan('manage')
  const reload = () => {
    loaded.reload()
    available.reload()
  }
  const free = (available.data ?? []).filter(({ assistant: owner }) => owner === null)
  return (
    <Section
      title="Numbers"
      actions={
        mayManage && free.length > 0 ? (
          <DialogButton
            button="Give a number"
            title={`Give ${assistant.name} a number`}
            submit="Give"
            act={async (form) =>
              call('POST /api/v1/assistants/{assistant_id}/phone-numbers/assign-by-number', {
                path,
                body: { phone_number: textOf(form, 'number') ?? '' },
              }).then(reload)
            }
          >
            <Select
              label="Number"
              name="number"
              options={free.map(({ phone_number: value }) => ({ value, text: formatPhone(value) }))}
            />
          </DialogButton>
        ) : null
      }
    >
      <Ready from={loaded} lines={2}>
        {(numbers) =>
          numbers.length === 0 ? (
            <Empty title="No number yet">
              Add one under <a href={urlOf('numbers')}>Numbers</a>, or give it one that is free.
            </Empty>
          ) : (
            <Table
              label="Numbers"
              rows={numbers}
              keyOf={(one) => one.id}
              columns={[
                { label: 'Number', kind: 'main', cell: (one) => formatPhone(one.phone_number) },
                { label: 'Provider', cell: (one) => one.provider },
                { label: 'State', cell: (one) => <PausedBadge pausedAt={one.paused_at} /> },
                {
                  label: 'Actions',
                  kind: 'actions',
                  cell: (one) =>
                    mayManage ? (
                      <div>
                        <ActionButton
                          label={`Take away ${one.phone_number}`}
                          act={async () =>
                            call('POST /api/v1/assistants/{assistant_id}/phone-numbers/unassign-by-number', {
                              path,
                              body: { phone_number: one.phone_number },
                            }).then(reload)
                          }
                        >
                          Take away
                        </ActionButton>
                      </div>
                    ) : null,
                },
              ]}
            />
          )
        }
      </Ready>
    </Section>
  )
}

function OwnRules({ id }: { readonly id: number }) {
  const path = { assistant_id: id }
  const loaded = useLoad('GET /api/v1/assistants/{assistant_id}/policy', { path })
  return (
    <Section title="Rules of its own">
      <Ready from={loaded}>
        {({ policy, effective }) => (
          <Rules
            policy={policy}
            inherited={effective}
            change={async (body) =>
              call('PATCH /api/v1/assistants/{assistant_id}/policy', { path, body }).then(loaded.reload)
            }
          />
        )}
      </Ready>
    </Section>
  )
}
