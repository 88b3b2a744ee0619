import { useEffect, useMemo } from 'preact/hooks'
import type { Overview } from '../api-types.ts'
import { useApp, usePlace } from '../app-context.ts'
import { capital, formatNumber, formatSeconds, formatShare, words } from '../format.ts'
import { useLoad } from '../loading.ts'
import { Empty, Page, Ready, Section } from '../parts/page.tsx'
import { OrganizationPause } from '../parts/pause.tsx'
import { VolumeChart } from '../parts/volume-chart.tsx'
import { urlOf } from '../router.ts'
import { groupCounts } from '../volume.ts'

const periods = ['24h', '7d', '30d'] as const
/** Its numbers are some seconds old when they are read, so the last event of a burst is not in them; and ages grow. */
const rereadMs = 5_000
const periodWords = { '24h': '24 hours', '7d': '7 days', '30d': '30 days' } as const

export default function OverviewPage() {
  const { query } = usePlace()
  const period = periods.find((one) => one === query.period) ?? '24h'
  const loaded = useLoad('GET /api/v1/stats/overview', { query: { period } }, { on: /^message\./ })
  useEffect(() => {
    const timer = setInterval(() => document.hidden || loaded.reload(), rereadMs)
    return () => clearInterval(timer)
  }, [loaded.reload])
  return (
    <Page
      title="Overview"
      actions={
        <>
          <nav class="tabs" aria-label="Period">
            {periods.map((one) => (
              <a
                key={one}
                href={urlOf('overview', undefined, { period: one })}
                aria-current={one === period ? 'true' : undefined}
              >
                {periodWords[one]}
              </a>
            ))}
          </nav>
          <OrganizationPause />
        </>
      }
    >
      <Ready from={loaded} lines={10}>
        {(overview) => <Whole overview={overview} />}
      </Ready>
    </Page>
  )
}

function Whole({ overview }: { readonly overview: Overview }) {
  const { totals, failures, per_assistant: assistants, per_provider: providers } = overview
  const total = Object.values(totals).reduce((sum, count) => sum + count, 0)
  const volume = useMemo(
    () =>
      overview.volume.map(({ at, ...counts }) => ({
        at,
        counts: groupCounts(
          Object.fromEntries(Object.entries(counts).map(([status, count]) => [status, Number(count)])),
        ),
      })),
    [overview.volume],
  )
  return (
    <>
      <Tiles overview={overview} total={total} />
      {total === 0 ? (
        <FirstSteps />
      ) : (
        <>
          <Section title="Texts sent">
            <VolumeChart volume={volume} />
          </Section>
          <div class="columns">
            <Section title="Why texts failed">
              {failures.length === 0 ? (
                <Empty title="None failed" />
              ) : (
                <ul class="panel bars">
                  {failures.map(({ reason, count, advice }) => (
                    <Bar key={reason} name={capital(words(reason))} count={count} of={failures[0]?.count ?? 1}>
                      {advice}
                    </Bar>
                  ))}
                </ul>
              )}
            </Section>
            <div>
              <Section title="By assistant">
                <ul class="panel bars">
                  {assistants.map(({ assistant_id: id, name, total: count, delivered, failed }) => (
                    <Bar
                      key={id}
                      name={name ?? `Assistant ${id}`}
                      url={urlOf('messages', undefined, { assistant_id: String(id) })}
                      count={count}
                      of={assistants[0]?.total ?? 1}
                    >
                      {shareWords(delivered, failed)}
                    </Bar>
                  ))}
                </ul>
              </Section>
              <Section title="By provider">
                <ul class="panel bars">
                  {providers.map(({ provider, total: count, delivered, failed }) => (
                    <Bar
                      key={provider}
                      name={provider}
                      url={urlOf('messages', undefined, { provider })}
                      count={count}
                      of={Math.max(...providers.map((one) => one.total))}
                    >
                      {shareWords(delivered, failed)}
                    </Bar>
                  ))}
                </ul>
              </Section>
            </div>
          </div>
        </>
      )}
    </>
  )
}

function shareWords(delivered: number, failed: number): string {
  return `${formatNumber(delivered)} delivered, ${formatNumber(failed)} failed`
}

function Tiles({ overview, total }: { readonly overview: Overview; readonly total: number }) {
  const { delivery_rate: rate, unknown, waiting, oldest_waiting_seconds: oldest } = overview
  return (
    <div class="tiles">
      <Tile
        name="Texts sent"
        value={formatNumber(total)}
        url={urlOf('messages', undefined, { direction: 'outbound' })}
      />
      <Tile
        name="Delivery rate"
        value={rate === null ? '–' : formatShare(rate)}
        url={urlOf('messages', undefined, { status: 'delivered' })}
      />
      <Tile name="Unknown" value={formatNumber(unknown)} url={urlOf('unknowns')} needsAttention={unknown > 0} />
      <Tile name="Held" value={formatNumber(waiting.held)} url={urlOf('held')} needsAttention={waiting.held > 0} />
      <Tile
        name="Queued"
        value={formatNumber(waiting.queued)}
        url={urlOf('messages', undefined, { status: 'queued' })}
      />
      <Tile
        name="Oldest in the queue"
        value={oldest === null ? '–' : formatSeconds(oldest)}
        url={urlOf('messages', undefined, { status: 'queued' })}
      />
    </div>
  )
}

function Tile(props: {
  readonly name: string
  readonly value: string
  readonly url: string
  readonly needsAttention?: boolean
}) {
  const { name, value, url, needsAttention = false } = props
  return (
    <a class={needsAttention ? 'tile attention' : 'tile'} href={url}>
      <span class="name">{name}</span>
      <span class="value">{value}</span>
    </a>
  )
}

function Bar(props: {
  readonly name: string
  readonly count: number
  readonly of: number
  readonly url?: string
  readonly children: string
}) {
  const { name, count, of, url, children } = props
  return (
    <li>
      {url === undefined ? <span>{name}</span> : <a href={url}>{name}</a>}
      <strong>{formatNumber(count)}</strong>
      <meter value={count} max={Math.max(1, of)} aria-label={name} />
      <span class="muted small">{children}</span>
    </li>
  )
}

function FirstSteps() {
  const { session } = useApp()
  return (
    <Section title="No texts in this period">
      <ol class="panel steps">
        <li>
          <div>
            <strong>Have a number.</strong> <a href={urlOf('numbers')}>Numbers</a> shows those you can send from;{' '}
            <a href={urlOf('accounts')}>provider accounts</a> where they are.
          </div>
        </li>
        <li>
          <div>
            <strong>Make an API key</strong> for your program under <a href={urlOf('keys')}>API keys</a>.
          </div>
        </li>
        <li>
          <div>
            <strong>Send a text</strong> with <code>POST /sms/send</code>: the <a href="/docs">API reference</a> has
            examples. It appears under <a href={urlOf('messages')}>Messages</a> at once.
          </div>
        </li>
        {session.phone_url === undefined ? null : (
          <li>
            <div>
              <strong>Read it as its recipient</strong> on the{' '}
              <a href={session.phone_url} target="_blank" rel="noopener">
                simulated phone
              </a>
              , and answer.
            </div>
          </li>
        )}
      </ol>
    </Section>
  )
}
