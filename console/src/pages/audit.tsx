import { usePlace } from '../app-context.ts'
import { words } from '../format.ts'
import { useLoad } from '../loading.ts'
import { Empty, Page, Ready, Time } from '../parts/page.tsx'
import { OrganizationPause } from '../parts/pause.tsx'
import { Table } from '../parts/table.tsx'
import { urlOf } from '../router.ts'

const limit = 100

export default function Audit() {
  const { query } = usePlace()
  const before = Number(query.before) || undefined
  const loaded = useLoad('GET /api/v1/audit-log', { query: { before, limit } })
  return (
    <Page
      title="Audit log"
      lead="Who changed what steers sending: policies, pauses, approvals, opt-outs, keys, people. The newest first."
      actions={<OrganizationPause onDone={loaded.reload} />}
    >
      <Ready from={loaded}>
        {({ entries, next }) => (
          <>
            {entries.length === 0 ? (
              <Empty title="Nothing has been changed yet">What people and programs change appears here.</Empty>
            ) : (
              <Table
                label="Audit log"
                rows={entries}
                keyOf={(one) => one.id}
                columns={[
                  { label: 'When', cell: (one) => <Time at={one.occurred_at} isShort /> },
                  { label: 'Who', kind: 'main', cell: (one) => one.actor },
                  { label: 'Did', cell: (one) => words(one.action).replace('.', ' ') },
                  { label: 'To', cell: (one) => one.subject },
                  { label: 'More', cell: (one) => <Details of={one.data} /> },
                ]}
              />
            )}
            {next === null ? null : (
              <nav class="pager" aria-label="Pages">
                <span />
                <a href={urlOf('audit', undefined, { before: String(next) })}>Older</a>
              </nav>
            )}
          </>
        )}
      </Ready>
    </Page>
  )
}

function Details({ of }: { readonly of: Readonly<Record<string, unknown>> }) {
  const entries = Object.entries(of).filter(([, value]) => value !== null)
  if (entries.length === 0) return <>–</>
  return (
    <ul>
      {entries.map(([name, value]) => (
        <li key={name}>
          <span class="muted">{words(name)}:</span>{' '}
          {typeof value === 'string' ? value : <code>{JSON.stringify(value)}</code>}
        </li>
      ))}
    </ul>
  )
}
