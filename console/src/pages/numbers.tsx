import { call } from '../api.ts'
import type { PhoneNumber } from '../api-types.ts'
import { useCan } from '../app-context.ts'
import { formatPhone, plural } from '../format.ts'
import { useLoad } from '../loading.ts'
import { DialogButton } from '../parts/dialog.tsx'
import { Check, Field, numberOf, Select, textOf } from '../parts/form.tsx'
import { useAssistants } from '../parts/names.tsx'
import { Empty, Page, Ready } from '../parts/page.tsx'
import { PauseButton, PausedBadge } from '../parts/pause.tsx'
import { Badge } from '../parts/status.tsx'
import { Table } from '../parts/table.tsx'
import { urlOf } from '../router.ts'

const types = ['long_code', 'toll_free', 'short_code'] as const

export default function Numbers() {
  const loaded = useLoad('GET /api/v1/assistants/organization/phone-numbers', {
    query: { limit: 1_000, include_inactive: true },
  })
  const mayManage = useCan('manage')
  return (
    <Page
      title="Numbers"
      lead="What texts come from. Each has a pace, so that carriers do not refuse what is too fast."
      actions={mayManage ? <AddButton onDone={loaded.reload} /> : null}
    >
      <Ready from={loaded}>
        {(numbers) =>
          numbers.length === 0 ? (
            <Empty title="No numbers yet">Add a number that you have at your provider.</Empty>
          ) : (
            <Table
              label="Numbers"
              rows={numbers}
              keyOf={(one) => one.id}
              columns={[
                {
                  label: 'Number',
                  kind: 'main',
                  cell: (one) => (
                    <>
                      {formatPhone(one.phone_number)}
                      {one.friendly_name === null ? null : <div class="muted small">{one.friendly_name}</div>}
                    </>
                  ),
                },
                {
                  label: 'Assistant',
                  cell: ({ assistant }) =>
                    assistant === null ? (
                      <span class="muted">nobody</span>
                    ) : (
                      <a href={urlOf('assistants', assistant.id)}>{assistant.name}</a>
                    ),
                },
                { label: 'Provider', cell: (one) => one.provider },
                { label: 'Pace', cell: (one) => paceWords(one.pace) },
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
                {
                  label: 'Actions',
                  kind: 'actions',
                  cell: (one) => (
                    <div>
                      {mayManage ? <EditButton number={one} onDone={loaded.reload} /> : null}
                      <Pause number={one} onDone={loaded.reload} />
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

function Pause({ number, onDone }: { readonly number: PhoneNumber; readonly onDone: () => void }) {
  const path = { phone_number_id: number.id }
  return (
    <PauseButton
      what={formatPhone(number.phone_number)}
      pausedAt={number.paused_at}
      pause={(reason) =>
        call('POST /api/v1/assistants/organization/phone-numbers/{phone_number_id}/pause', { path, body: { reason } })
      }
      resume={() =>
        call('POST /api/v1/assistants/organization/phone-numbers/{phone_number_id}/resume', { path, body: {} })
      }
      onDone={onDone}
    />
  )
}

function paceWords({ segments_per_second: pace, daily_segments: daily, strict }: PhoneNumber['pace']) {
  const parts = [
    pace ? `${plural(pace, 'segment')} a second` : 'as its type',
    ...(daily ? [`${plural(daily, 'segment')} a day`] : []),
    ...(strict ? ['strict'] : []),
  ]
  return parts.join(', ')
}

function AddButton({ onDone }: { readonly onDone: () => void }) {
  const { options } = useAssistants()
  const accounts = useLoad('GET /api/v1/provider-accounts')
  const add = async (form: FormData) => {
    const [assistant, account] = [textOf(form, 'assistant'), textOf(form, 'account')]
    await call('POST /api/v1/assistants/organization/phone-numbers', {
      body: {
        phone_number: textOf(form, 'number') ?? '',
        friendly_name: textOf(form, 'name') ?? null,
        assistant_id: assistant === undefined ? null : Number(assistant),
        provider_account_id: account === undefined ? null : Number(account),
      },
    })
    onDone()
  }
  return (
    <DialogButton button="Add" look="main" title="Add a number" submit="Add" act={add}>
      <Field label="Number" name="number" type="tel" placeholder="+1234567890" required />
      <Field label="Name" name="name" hint="For you. May stay empty." />
      <Select
        label="Provider account"
        name="account"
        options={[
          { value: '', text: 'That of its assistant' },
          ...(accounts.data ?? []).map(({ id, name }) => ({ value: String(id), text: name })),
        ]}
      />
      <Select label="Assistant" name="assistant" options={[{ value: '', text: 'Nobody yet' }, ...options]} />
    </DialogButton>
  )
}

function EditButton({ number, onDone }: { readonly number: PhoneNumber; readonly onDone: () => void }) {
  const { options } = useAssistants()
  const { pace } = number
  const save = async (form: FormData) => {
    const assistant = textOf(form, 'assistant')
    await call('PATCH /api/v1/assistants/organization/phone-numbers/{phone_number_id}', {
      path: { phone_number_id: number.id },
      body: {
        friendly_name: textOf(form, 'name') ?? null,
        assistant_id: assistant === undefined ? null : Number(assistant),
        is_active: form.has('active'),
        pace: {
          segments_per_second: numberOf(form, 'pace') ?? null,
          daily_segments: numberOf(form, 'daily') ?? null,
          strict: form.has('strict'),
          type: types.find((type) => type === textOf(form, 'type')) ?? null,
        },
      },
    })
    onDone()
  }
  return (
    <DialogButton
      button="Change"
      label={`Change ${number.phone_number}`}
      title={formatPhone(number.phone_number)}
      submit="Save"
      act={save}
    >
      <Field label="Name" name="name" value={number.friendly_name ?? ''} />
      <Select
        label="Assistant"
        name="assistant"
        options={[{ value: '', text: 'Nobody' }, ...options]}
        value={number.assistant === null ? '' : String(number.assistant.id)}
      />
      <Select
        label="Type"
        name="type"
        options={[
          { value: '', text: 'By its digits' },
          { value: 'long_code', text: 'Long code' },
          { value: 'toll_free', text: 'Toll-free' },
          { value: 'short_code', text: 'Short code' },
        ]}
        value={pace.type ?? ''}
      />
      <div class="row">
        <Field
          label="Segments a second"
          name="pace"
          type="number"
          step="any"
          min={0}
          value={pace.segments_per_second ?? ''}
          placeholder="by its type"
        />
        <Field
          label="Segments a day"
          name="daily"
          type="number"
          min={0}
          value={pace.daily_segments ?? ''}
          placeholder="no limit"
        />
      </div>
      <Check
        label="Direct sends wait their turn too"
        name="strict"
        checked={pace.strict === true}
        hint="Up to 10 s, then they are refused with 429."
      />
      <Check label="Active" name="active" checked={number.is_active} />
    </DialogButton>
  )
}
