import { call, importOptOuts } from '../api.ts'
import type { OptOut } from '../api-types.ts'
import { useApp, useCan, usePlace } from '../app-context.ts'
import { formatPhone, plural } from '../format.ts'
import { useLoad } from '../loading.ts'
import { ActionButton } from '../parts/button.tsx'
import { DialogButton } from '../parts/dialog.tsx'
import { Field, Form, TextArea, textOf } from '../parts/form.tsx'
import { useAssistants } from '../parts/names.tsx'
import { Empty, Page, Ready, Time } from '../parts/page.tsx'
import { Badge } from '../parts/status.tsx'
import { Pager, Table } from '../parts/table.tsx'
import { urlOf } from '../router.ts'

const limit = 50
const live = { on: /^opt_out\./ }

export default function OptOuts() {
  const { query } = usePlace()
  return query.number ? <OfNumber number={query.number} /> : <All />
}

function All() {
  const { query } = usePlace()
  const skip = Number(query.skip ?? 0) || 0
  const loaded = useLoad('GET /api/v1/opt-outs', { query: { skip, limit } }, live)
  return (
    <Frame onChange={loaded.reload}>
      <Ready from={loaded}>
        {(optOuts) => (
          <>
            <Listed optOuts={optOuts} onChange={loaded.reload} />
            <Pager
              skip={skip}
              limit={limit}
              count={optOuts.length}
              urlAt={(to) => urlOf('opt-outs', undefined, { skip: to === 0 ? undefined : String(to) })}
            />
          </>
        )}
      </Ready>
    </Frame>
  )
}

function OfNumber({ number }: { readonly number: string }) {
  const loaded = useLoad('GET /api/v1/opt-outs/{phone_number}', { path: { phone_number: number } }, live)
  return (
    <Frame onChange={loaded.reload}>
      <p>
        Only {formatPhone(number)}. <a href={urlOf('opt-outs')}>Show all</a>
      </p>
      {loaded.error?.status === 404 ? (
        <Empty title="This number has not opted out" />
      ) : (
        <Ready from={loaded}>{(optOuts) => <Listed optOuts={optOuts} onChange={loaded.reload} />}</Ready>
      )}
    </Frame>
  )
}

function Frame({ children, onChange }: { readonly children: preact.ComponentChildren; readonly onChange: () => void }) {
  const { router } = useApp()
  const { query } = usePlace()
  const mayOperate = useCan('operate')
  return (
    <Page
      title="Opt-outs"
      lead="Who must not be texted, and the evidence. A STOP enters here by itself and a START takes it back."
      actions={
        <>
          <a class="button" href="/api/v1/opt-outs/export" download>
            Export
          </a>
          {mayOperate ? (
            <>
              <ImportButton onDone={onChange} />
              <AddButton onDone={onChange} />
            </>
          ) : null}
        </>
      }
    >
      <div class="filters">
        <Form
          submit="Find"
          look="plain"
          act={async (form) => router.go(urlOf('opt-outs', undefined, { number: textOf(form, 'number') }))}
        >
          <Field label="Phone number" name="number" type="tel" placeholder="+1555123456" value={query.number ?? ''} />
        </Form>
      </div>
      {children}
    </Page>
  )
}

function AddButton({ onDone }: { readonly onDone: () => void }) {
  return (
    <DialogButton
      button="Add"
      look="main"
      title="Add an opt-out"
      submit="Add"
      act={async (form) => {
        const body = { phone_number: textOf(form, 'number') ?? '', evidence: textOf(form, 'evidence') ?? null }
        await call('POST /api/v1/opt-outs', { body })
        onDone()
      }}
    >
      <p>Nobody texts this number any more, and what waits for it is canceled.</p>
      <Field label="Phone number" name="number" type="tel" placeholder="+1555123456" required />
      <TextArea label="Evidence" name="evidence" hint="How you know: a call, a letter, a ticket. May stay empty." />
    </DialogButton>
  )
}

function ImportButton({ onDone }: { readonly onDone: () => void }) {
  const { toast } = useApp()
  const read = async (form: FormData) => {
    const file = form.get('file')
    if (!(file instanceof File)) return
    const { created, existing, faulty, faults } = await importOptOuts(await file.text())
    const text = `${plural(created, 'opt-out')} added, ${existing} known before, ${faulty} not usable.`
    const first = faults[0]
    toast({
      tone: faulty === 0 ? 'good' : 'bad',
      text,
      ...(first === undefined ? {} : { hint: `Line ${first.line}: ${first.fault}` }),
    })
    onDone()
  }
  return (
    <DialogButton button="Import" title="Import opt-outs" submit="Import" act={read}>
      <Field
        label="CSV file"
        name="file"
        type="file"
        accept=".csv,text/csv"
        required
        hint="As the export has it; one number per line is enough."
      />
    </DialogButton>
  )
}

function Listed({ optOuts, onChange }: { readonly optOuts: readonly OptOut[]; readonly onChange: () => void }) {
  const { nameOf } = useAssistants()
  const mayOperate = useCan('operate')
  if (optOuts.length === 0)
    return <Empty title="Nobody has opted out">When somebody texts STOP, they appear here with what they wrote.</Empty>
  return (
    <Table
      label="Opt-outs"
      rows={optOuts}
      keyOf={(one) => `${one.phone_number} ${one.scope} ${one.assistant_id} ${one.phone_number_id}`}
      columns={[
        { label: 'Number', kind: 'main', cell: (one) => formatPhone(one.phone_number) },
        {
          label: 'State',
          cell: (one) =>
            one.in_doubt ? (
              <Badge tone="warn" icon="unknowns" text="In doubt" />
            ) : (
              <Badge tone="bad" icon="optouts" text="Opted out" />
            ),
        },
        { label: 'By', cell: (one) => one.source },
        { label: 'Evidence', cell: (one) => <span class="body">{one.evidence ?? '–'}</span> },
        {
          label: 'Holds for',
          cell: (one) => (one.assistant_id === null ? one.scope : `${one.scope}: ${nameOf(one.assistant_id)}`),
        },
        { label: 'Since', cell: (one) => <Time at={one.created_at} isShort /> },
        {
          label: 'Actions',
          kind: 'actions',
          cell: (one) => (mayOperate ? <OptOutActions optOut={one} onDone={onChange} /> : null),
        },
      ]}
    />
  )
}

function OptOutActions({ optOut, onDone }: { readonly optOut: OptOut; readonly onDone: () => void }) {
  const { phone_number: number, in_doubt: isInDoubt, evidence } = optOut
  const path = { phone_number: number }
  const remove = async (onlyInDoubt: boolean) =>
    call('DELETE /api/v1/opt-outs/{phone_number}', {
      path,
      query: onlyInDoubt ? { only_in_doubt: true } : {},
    }).then(onDone)
  if (isInDoubt)
    return (
      <div>
        <ActionButton
          done="Confirmed: they are not texted."
          label={`Confirm that ${number} has opted out`}
          act={async () => call('POST /api/v1/opt-outs', { body: { phone_number: number, evidence } }).then(onDone)}
        >
          Confirm
        </ActionButton>
        <ActionButton
          done="Removed: they may be texted."
          label={`${number} did not mean to opt out`}
          act={() => remove(true)}
        >
          Not meant
        </ActionButton>
      </div>
    )
  return (
    <div>
      <DialogButton
        button="Remove"
        look="danger"
        label={`Remove the opt-out of ${number}`}
        title={`Allow texts to ${formatPhone(number)}?`}
        submit="Allow texts again"
        submitLook="danger"
        act={() => remove(false)}
      >
        <p>Do this only when they have asked for texts again. The audit log keeps who did it.</p>
      </DialogButton>
    </div>
  )
}
