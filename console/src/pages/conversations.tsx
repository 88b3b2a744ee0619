import { useApp, usePlace } from '../app-context.ts'
import { formatPhone, plural } from '../format.ts'
import { useLoad } from '../loading.ts'
import { Field, Form, Select, textOf } from '../parts/form.tsx'
import { useAssistants } from '../parts/names.tsx'
import { Empty, Page, Ready, Time } from '../parts/page.tsx'
import { Pager, Table } from '../parts/table.tsx'
import { urlOf } from '../router.ts'

const limit = 50

export default function Conversations() {
  const { router } = useApp()
  const { query } = usePlace()
  const assistants = useAssistants()
  const skip = Number(query.skip ?? 0) || 0
  const loaded = useLoad(
    'GET /api/v1/sms-conversations',
    {
      query: {
        skip,
        limit,
        status: query.status === 'archived' ? 'archived' : 'active',
        customer_phone: query.person || undefined,
        assistant_id: Number(query.assistant) || undefined,
      },
    },
    { on: /^(message|conversation)\./ },
  )
  const set = (change: Readonly<Record<string, string | undefined>>) =>
    router.go(urlOf('conversations', undefined, { ...query, skip: undefined, ...change }))
  return (
    <Page title="Conversations" lead="All texts between one of your numbers and one person, the newest first.">
      <div class="filters">
        <Form submit="Find" look="plain" act={async (form) => set({ person: textOf(form, 'person') })}>
          <Field label="Person" name="person" type="tel" placeholder="+1555123456" value={query.person ?? ''} />
        </Form>
        <Select
          label="Assistant"
          name="assistant"
          options={[{ value: '', text: 'Any' }, ...assistants.options]}
          value={query.assistant ?? ''}
          onPick={(assistant) => set({ assistant })}
        />
        <Select
          label="Show"
          name="status"
          options={[
            { value: '', text: 'Active' },
            { value: 'archived', text: 'Archived' },
          ]}
          value={query.status ?? ''}
          onPick={(status) => set({ status })}
        />
      </div>
      <Ready from={loaded}>
        {(conversations) => (
          <>
            {conversations.length === 0 ? (
              <Empty title={skip > 0 ? 'There are no more' : 'No conversation here'}>
                One begins with the first text to or from a person.
              </Empty>
            ) : (
              <Table
                label="Conversations"
                keyOf={(one) => one.id}
                rows={conversations}
                columns={[
                  {
                    label: 'Person',
                    kind: 'main',
                    cell: (one) => (
                      <a href={urlOf('conversations', one.id)}>{formatPhone(one.customer_phone_number)}</a>
                    ),
                  },
                  { label: 'Assistant', cell: (one) => one.assistant_name },
                  { label: 'Number', cell: (one) => formatPhone(one.assistant_phone_number) },
                  { label: 'Texts', kind: 'number', cell: (one) => plural(one.message_count, 'text') },
                  { label: 'Last text', cell: (one) => <Time at={one.last_activity} isShort /> },
                ]}
              />
            )}
            <Pager
              skip={skip}
              limit={limit}
              count={conversations.length}
              urlAt={(to) => urlOf('conversations', undefined, { ...query, skip: to === 0 ? undefined : String(to) })}
            />
          </>
        )}
      </Ready>
    </Page>
  )
}
