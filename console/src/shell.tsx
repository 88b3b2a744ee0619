import type { ComponentType } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { call } from './api.ts'
import { OrganizationContext, PlaceContext, useApp, useCan, useOrganization, usePlace } from './app-context.ts'
import { formatNumber } from './format.ts'
import { apiErrorOf, useLoad } from './loading.ts'
import { type PageModule, pages, sections } from './pages.ts'
import { ActionButton } from './parts/button.tsx'
import { Icon } from './parts/icon.tsx'
import { Empty, Fault, Page, Skeleton, Time } from './parts/page.tsx'
import { type Place, urlOf } from './router.ts'

export function Shell() {
  const { page } = usePlace()
  const [isOpen, setIsOpen] = useState(false)
  const organization = useLoad('GET /api/v1/organization', {}, { on: /^message\.held$/ })
  useEffect(() => setIsOpen(false), [page])
  return (
    <div class="shell">
      <a class="skip" href="#content">
        Skip to the content
      </a>
      <header class="top">
        <Brand />
        <button
          type="button"
          class="button quiet square"
          aria-label="Menu"
          aria-expanded={isOpen}
          aria-controls="menu"
          onClick={() => setIsOpen(!isOpen)}
        >
          <Icon name={isOpen ? 'close' : 'menu'} />
        </button>
      </header>
      <div id="menu" class={isOpen ? 'side open' : 'side'}>
        <Brand />
        <Navigation />
        <SideEnd />
      </div>
      <main id="content" tabIndex={-1}>
        <OrganizationContext.Provider value={organization}>
          <Banners />
          <CurrentPage />
        </OrganizationContext.Provider>
      </main>
    </div>
  )
}

function Brand() {
  const { session } = useApp()
  return (
    <a class="brand" href={urlOf('overview')}>
      <img src="/console/icon.svg" alt="" />
      <span>
        Textbridge
        <small>{session.organization.name}</small>
      </span>
    </a>
  )
}

function Navigation() {
  const { page: current } = usePlace()
  const { session } = useApp()
  const counts = useDecisionCounts()
  return (
    <nav class="nav" aria-label="Main">
      {sections.map(({ title, names }) => {
        const shown = names.filter((name) => {
          const scope = pages[name]?.scope
          return scope === undefined || session.scopes.includes(scope)
        })
        return shown.length === 0 ? null : (
          <div key={title}>
            <h2>{title}</h2>
            <ul>
              {shown.map((name) => (
                <li key={name}>
                  <a href={urlOf(name)} aria-current={current === name ? 'page' : undefined}>
                    <Icon name={pages[name]?.icon ?? 'dots'} />
                    {pages[name]?.title}
                    {counts[name] ? <span class="count">{formatNumber(counts[name])}</span> : null}
                  </a>
                </li>
              ))}
            </ul>
          </div>
        )
      })}
    </nav>
  )
}

/** What waits for a person. Only texts that are held for approval do; the others leave by themselves. */
function useDecisionCounts(): Readonly<Record<string, number>> {
  const queue = useLoad('GET /sms/queue/stats', {}, { on: /^message\.(held|queued|canceled|failed|sent)$/ })
  const unknowns = useLoad('GET /api/v1/unknowns', { query: { limit: 100 } }, { on: /^message\./ })
  return {
    held: queue.data?.total.held_by.approval ?? 0,
    unknowns: unknowns.data?.filter(({ status }) => status === 'unknown').length ?? 0,
  }
}

function SideEnd() {
  const { live, session } = useApp()
  const [state, setState] = useState(live.state())
  useEffect(() => live.watchState(() => setState(live.state())), [live])
  const words = { live: 'Live', connecting: 'Connecting…', paused: 'Not live' } as const
  return (
    <div class="side-end">
      <span class={`pulse ${state}`} role="status">
        {words[state]}
      </span>
      {session.phone_url === undefined ? null : (
        <a href={session.phone_url} target="_blank" rel="noopener">
          Open the simulated phone
        </a>
      )}
      <a href="/docs" target="_blank" rel="noopener">
        API reference
      </a>
      <span class="muted">
        {session.user === null ? session.api_key?.name : `${session.user.name}, ${session.user.role}`}
      </span>
    </div>
  )
}

/** What holds everything up is said on every page. */
function Banners() {
  const queue = useLoad('GET /api/v1/queue')
  const organization = useOrganization()
  const mayOperate = useCan('operate')
  return (
    <>
      {queue.data?.held ? (
        <div class="banner" role="alert">
          <div>
            <strong>The queue is held.</strong> {queue.data.reason} Nothing leaves it until somebody says go; direct
            sends do.
          </div>
          {mayOperate ? (
            <ActionButton
              done="The queue goes on."
              act={async () => call('POST /api/v1/queue/resume').then(queue.reload)}
            >
              <Icon name="play" />
              Let it go on
            </ActionButton>
          ) : null}
        </div>
      ) : null}
      {organization.data?.paused_at ? (
        <div class="banner" role="alert">
          <div>
            <strong>The organization is paused</strong> since <Time at={organization.data.paused_at} isShort />. Texts
            are held, none is dropped. <a href={urlOf('audit')}>Who paused it?</a>
          </div>
          {mayOperate ? (
            <ActionButton
              done="Texts leave again."
              act={async () => call('POST /api/v1/organization/resume', { body: {} }).then(organization.reload)}
            >
              <Icon name="play" />
              Resume
            </ActionButton>
          ) : null}
        </div>
      ) : null}
    </>
  )
}

type Opened = { readonly place: Place; readonly page?: ComponentType; readonly error?: unknown }

function CurrentPage() {
  const place = usePlace()
  const { page: name, id } = place
  const [opened, setOpened] = useState<Opened>()
  useEffect(() => {
    const load = pageOf(name, id)
    if (load === undefined) setOpened({ place })
    else
      load().then(
        (module) => setOpened({ place, page: module.default }),
        (error: unknown) => setOpened({ place, error }),
      )
  }, [name, id])
  if (opened === undefined) return <Skeleton lines={6} />
  if (opened.error !== undefined)
    return <Fault error={apiErrorOf(opened.error)} retry={() => window.location.reload()} />
  if (opened.page === undefined)
    return (
      <Page title="There is no such page">
        <Empty title="Nothing is at this address">
          <a href={urlOf('overview')}>Go to the overview</a>, or choose from the menu.
        </Empty>
      </Page>
    )
  const Current = opened.page
  const isCurrent = keyOf(opened.place) === keyOf(place)
  return (
    <PlaceContext.Provider value={isCurrent ? place : opened.place}>
      <Current key={keyOf(opened.place)} />
    </PlaceContext.Provider>
  )
}

function pageOf(name: string, id: string | undefined): (() => Promise<PageModule>) | undefined {
  const page = Object.hasOwn(pages, name) ? pages[name] : undefined
  return id === undefined ? page?.open : page?.openOne
}

function keyOf({ page, id }: Place): string {
  return id === undefined ? page : `${page}/${id}`
}
