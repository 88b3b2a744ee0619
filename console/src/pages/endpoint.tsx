import { useEffect, useState } from 'preact/hooks'
import { call } from '../api.ts'
import type { EventDelivery, EventEndpoint } from '../api-types.ts'
import { useApp, useCan, usePlace } from '../app-context.ts'
import { plural } from '../format.ts'
import { type Loaded, useLoad } from '../loading.ts'
import { ActionButton, CopyButton } from '../parts/button.tsx'
import { Dialog, DialogButton } from '../parts/dialog.tsx'
import { Check } from '../parts/form.tsx'
import { Empty, Facts, Page, Ready, Section, Time } from '../parts/page.tsx'
import { Badge } from '../parts/status.tsx'
import { Pager, Table } from '../parts/table.tsx'
import { urlOf } from '../router.ts'
import { EndpointFields, EndpointState, endpointOf } from './endpoints.tsx'

const limit = 50
const states = ['pending', 'delivered', 'dead'] as const

export default function EndpointPage() {
  const { id = '' } = usePlace()
  const path = { endpoint_id: Number(id) }
  const loaded = useLoad('GET /api/v1/event-endpoints/{endpoint_id}', { path })
  const mayManage = useCan('manage')
  const { data } = loaded
  return (
    <Page
      title={data?.description ?? 'Event endpoint'}
      lead={data === undefined ? undefined : <code>{data.url}</code>}
      back={{ url: urlOf('endpoints'), text: 'Event endpoints' }}
      actions={data !== undefined && mayManage ? <Actions endpoint={data} reload={loaded.reload} /> : null}
    >
      <Ready from={loaded} lines={3}>
        {(endpoint) => (
          <Facts
            facts={[
              ['State', <EndpointState key="state" endpoint={endpoint} />],
              ['Hears of', endpoint.types.join(', ') || 'everything'],
              ['Order', endpoint.ordered ? 'kept within a conversation' : 'any'],
              ['Created', <Time key="created" at={endpoint.created_at} />],
            ]}
          />
        )}
      </Ready>
      <Deliveries id={path.endpoint_id} />
    </Page>
  )
}

function Actions({ endpoint, reload }: { readonly endpoint: EventEndpoint; readonly reload: () => void }) {
  const { router } = useApp()
  const [secret, setSecret] = useState<string>()
  const path = { endpoint_id: endpoint.id }
  const isOurs = endpoint.assistant_id === null
  const change = async (body: { disabled: boolean }) =>
    call('PATCH /api/v1/event-endpoints/{endpoint_id}', { path, body }).then(reload)
  return (
    <>
      {secret === undefined ? null : (
        <Dialog title="The secret that verifies" onClose={() => setSecret(undefined)}>
          <p class="secret">{secret}</p>
          <CopyButton text={secret} what="the secret" />
        </Dialog>
      )}
      <ActionButton
        act={async () => {
          const answer = await call('GET /api/v1/event-endpoints/{endpoint_id}/secret', { path })
          setSecret(answer.secret)
        }}
      >
        Show secret
      </ActionButton>
      <DialogButton
        button="New secret"
        title="Give it a new secret"
        submit="Make a new secret"
        act={async (form) => {
          const body = { keep_old: form.has('keep') }
          const answer = await call('POST /api/v1/event-endpoints/{endpoint_id}/rotate-secret', { path, body })
          setSecret(answer.secret)
        }}
      >
        <Check label="The old one signs for 24 hours more" name="keep" checked />
      </DialogButton>
      <ActionButton act={() => change({ disabled: !endpoint.disabled })}>
        {endpoint.disabled ? 'Enable' : 'Disable'}
      </ActionButton>
      {isOurs ? (
        <>
          <DialogButton
            button="Change"
            title="Change this endpoint"
            submit="Save"
            act={async (form) =>
              call('PATCH /api/v1/event-endpoints/{endpoint_id}', { path, body: endpointOf(form) }).then(reload)
            }
          >
            <EndpointFields endpoint={endpoint} />
          </DialogButton>
          <DialogButton
            button="Delete"
            look="danger"
            title="Delete this endpoint?"
            submit="Delete"
            submitLook="danger"
            act={async () => {
              await call('DELETE /api/v1/event-endpoints/{endpoint_id}', { path })
              router.go(urlOf('endpoints'))
            }}
          >
            <p>Its deliveries go with it. To stop it for a while, disable it instead.</p>
          </DialogButton>
        </>
      ) : null}
    </>
  )
}

function Deliveries({ id }: { readonly id: number }) {
  const { query } = usePlace()
  const { toast } = useApp()
  const state = states.find((one) => one === query.state)
  const skip = Number(query.skip ?? 0) || 0
  const mayOperate = useCan('operate')
  const loaded = useLoad(
    'GET /api/v1/event-deliveries',
    { query: { endpoint_id: id, state, skip, limit } },
    { on: /./ },
  )
  useRereading(loaded)
  const url = (change: Readonly<Record<string, string | undefined>>) =>
    urlOf('endpoints', id, { ...query, skip: undefined, ...change })
  const replayDead = async () => {
    const { replayed } = await call('POST /api/v1/event-endpoints/{endpoint_id}/replay', { path: { endpoint_id: id } })
    toast({ tone: 'good', text: `${plural(replayed, 'delivery', 'deliveries')} are made again.` })
    loaded.reload()
  }
  return (
    <Section
      title="Deliveries"
      actions={
        <>
          <nav class="tabs" aria-label="State of deliveries">
            {[undefined, ...states].map((one) => (
              <a key={one ?? 'all'} href={url({ state: one })} aria-current={one === state ? 'true' : undefined}>
                {one ?? 'all'}
              </a>
            ))}
          </nav>
          {mayOperate ? <ActionButton act={replayDead}>Replay all dead</ActionButton> : null}
        </>
      }
    >
      <Ready from={loaded}>
        {(deliveries) => (
          <>
            {deliveries.length === 0 ? (
              <Empty title="No deliveries here">They appear as soon as something happens that it hears of.</Empty>
            ) : (
              <DeliveryTable deliveries={deliveries} reload={loaded.reload} />
            )}
            <Pager
              skip={skip}
              limit={limit}
              count={deliveries.length}
              urlAt={(to) => url({ skip: to === 0 ? undefined : String(to) })}
            />
          </>
        )}
      </Ready>
    </Section>
  )
}

const rereadMs = { min: 1_500, max: 60_000 } as const

/** What becomes of a delivery is no event itself, so the list is read again when the next try of one on it is due. */
function useRereading({ data, reload }: Loaded<readonly EventDelivery[]>): void {
  useEffect(() => {
    const tries = (data ?? []).flatMap(({ state, next_try_at: at }) =>
      state === 'pending' ? [at === null ? 0 : Date.parse(at)] : [],
    )
    if (tries.length === 0) return
    const inMs = Math.min(...tries) - Date.now() + rereadMs.min
    const timer = setTimeout(reload, Math.min(Math.max(inMs, rereadMs.min), rereadMs.max))
    return () => clearTimeout(timer)
  }, [data, reload])
}

function DeliveryTable(props: { readonly deliveries: readonly EventDelivery[]; readonly reload: () => void }) {
  const { deliveries, reload } = props
  const mayOperate = useCan('operate')
  return (
    <Table
      label="Deliveries"
      rows={deliveries}
      keyOf={(one) => one.id}
      columns={[
        { label: 'State', cell: (one) => <DeliveryState delivery={one} /> },
        { label: 'Id', kind: 'main', cell: (one) => <code>{one.webhook_id}</code> },
        { label: 'Events', cell: (one) => one.events.join(', ') },
        { label: 'Tries', kind: 'number', cell: (one) => one.tries },
        { label: 'Last try', cell: ({ last_try: last }) => (last === null ? '–' : <LastTry last={last} />) },
        {
          label: 'Next',
          cell: (one) => (one.next_try_at === null ? '–' : <Time at={one.next_try_at} isShort />),
        },
        {
          label: 'Actions',
          kind: 'actions',
          cell: ({ id, webhook_id }) =>
            mayOperate ? (
              <div>
                <ActionButton
                  label={`Replay ${webhook_id}`}
                  done="It is made again."
                  act={async () =>
                    call('POST /api/v1/event-deliveries/{delivery_id}/replay', { path: { delivery_id: id } }).then(
                      reload,
                    )
                  }
                >
                  Replay
                </ActionButton>
              </div>
            ) : null,
        },
      ]}
    />
  )
}

function LastTry({ last }: { readonly last: NonNullable<EventDelivery['last_try']> }) {
  return (
    <>
      {last.status === null ? null : `${last.status}, `}
      {last.fault ?? `${last.duration_ms} ms`}, <Time at={last.at} isShort />
    </>
  )
}

function DeliveryState({ delivery: { state } }: { readonly delivery: EventDelivery }) {
  switch (state) {
    case 'delivered':
      return <Badge tone="good" icon="check" text="Delivered" />
    case 'dead':
      return <Badge tone="bad" icon="cross" text="Dead" />
    case 'pending':
      return <Badge tone="busy" icon="clock" text="Pending" />
  }
}
