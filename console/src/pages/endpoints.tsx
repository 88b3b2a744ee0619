import { call } from '../api.ts'
import type { EventEndpoint, EventEndpointCreate } from '../api-types.ts'
import { useApp, useCan } from '../app-context.ts'
import { useLoad } from '../loading.ts'
import { DialogButton } from '../parts/dialog.tsx'
import { Check, Field, textOf } from '../parts/form.tsx'
import { useAssistants } from '../parts/names.tsx'
import { Empty, Page, Ready } from '../parts/page.tsx'
import { Badge } from '../parts/status.tsx'
import { Table } from '../parts/table.tsx'
import { urlOf } from '../router.ts'

type EventType = NonNullable<EventEndpointCreate['types']>[number]

export const eventTypes: readonly EventType[] = [
  ...(['message', 'opt_out', 'conversation', 'message.received', 'message.sent', 'message.delivered'] as const),
  ...(['message.undelivered', 'message.failed', 'message.unknown', 'message.held', 'message.expired'] as const),
  ...([
    'message.canceled',
    'message.suppressed',
    'opt_out.created',
    'opt_out.removed',
    'conversation.created',
  ] as const),
]

export default function Endpoints() {
  const { router } = useApp()
  const loaded = useLoad('GET /api/v1/event-endpoints', { query: { limit: 1_000 } })
  const { nameOf } = useAssistants()
  const mayManage = useCan('manage')
  const create = async (form: FormData) => {
    const { id } = await call('POST /api/v1/event-endpoints', { body: endpointOf(form) })
    router.go(urlOf('endpoints', id))
  }
  return (
    <Page
      title="Event endpoints"
      lead="Where events are posted to, signed. What is not taken is tried again for a day, then it is dead and can be replayed."
      actions={
        mayManage ? (
          <DialogButton button="Add" look="main" title="Add an endpoint" submit="Add" act={create}>
            <EndpointFields />
          </DialogButton>
        ) : null
      }
    >
      <Ready from={loaded}>
        {(endpoints) =>
          endpoints.length === 0 ? (
            <Empty title="No endpoints yet">
              Add one to hear what becomes of your texts, or read <code>GET /api/v1/events</code>.
            </Empty>
          ) : (
            <Table
              label="Event endpoints"
              rows={endpoints}
              keyOf={(one) => one.id}
              columns={[
                {
                  label: 'Address',
                  kind: 'main',
                  cell: (one) => (
                    <>
                      <a href={urlOf('endpoints', one.id)}>{one.url}</a>
                      {one.description === null ? null : <div class="muted small">{one.description}</div>}
                    </>
                  ),
                },
                {
                  label: 'Hears of',
                  cell: (one) =>
                    one.assistant_id === null
                      ? one.types.join(', ') || 'everything'
                      : `texts to ${nameOf(one.assistant_id)}`,
                },
                { label: 'State', cell: (one) => <EndpointState endpoint={one} /> },
              ]}
            />
          )
        }
      </Ready>
    </Page>
  )
}

export function EndpointState({ endpoint }: { readonly endpoint: EventEndpoint }) {
  return endpoint.disabled ? (
    <Badge tone="warn" icon="pause" text="Disabled" />
  ) : (
    <Badge tone="good" icon="check" text="Enabled" />
  )
}

export function EndpointFields({ endpoint }: { readonly endpoint?: EventEndpoint }) {
  return (
    <>
      <Field
        label="Address"
        name="url"
        type="url"
        required
        placeholder="https://example.com/events"
        value={endpoint?.url ?? ''}
        hint="https and public."
      />
      <Field label="Description" name="description" value={endpoint?.description ?? ''} />
      <fieldset>
        <legend>Hears of</legend>
        <p class="hint">Everything, unless you choose.</p>
        {eventTypes.map((type) => (
          <Check key={type} label={type} name={`type:${type}`} checked={endpoint?.types.includes(type) ?? false} />
        ))}
      </fieldset>
      <Check
        label="Keep the order"
        name="ordered"
        checked={endpoint?.ordered ?? false}
        hint="One at a time for each conversation."
      />
    </>
  )
}

export function endpointOf(form: FormData): EventEndpointCreate {
  return {
    url: textOf(form, 'url') ?? '',
    description: textOf(form, 'description') ?? null,
    types: eventTypes.filter((type) => form.has(`type:${type}`)),
    ordered: form.has('ordered'),
  }
}
