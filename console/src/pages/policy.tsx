import { call } from '../api.ts'
import { formatNumber } from '../format.ts'
import { useLoad } from '../loading.ts'
import { useAssistants } from '../parts/names.tsx'
import { Page, Ready, Section } from '../parts/page.tsx'
import { Rules } from '../parts/rules.tsx'
import { urlOf } from '../router.ts'
import { useImpact } from '../stats.ts'

export default function PolicyPage() {
  const loaded = useLoad('GET /api/v1/policy')
  const impact = useImpact()
  const { list } = useAssistants()
  const told = Object.fromEntries(
    Object.entries(impact).map(([rule, count]) => [
      rule,
      <span key={rule} class="muted small">
        {count === 0 ? 'would have stopped nothing in 7 days' : `would have stopped ${formatNumber(count)} in 7 days`}
      </span>,
    ]),
  )
  return (
    <Page
      title="Policy"
      lead="What your assistants may send, and to whom. Opt-outs always hold; the rest is off until you turn it on. An assistant can have rules of its own, which replace these one by one."
    >
      <Ready from={loaded} lines={12}>
        {({ policy }) => (
          <Rules
            policy={policy}
            impact={told}
            change={async (body) => call('PATCH /api/v1/policy', { body }).then(loaded.reload)}
          />
        )}
      </Ready>
      <Section title="Assistants with their own rules">
        <ul class="row">
          {(list ?? []).map(({ id, name }) => (
            <li key={id}>
              <a class="button" href={urlOf('assistants', id)}>
                {name}
              </a>
            </li>
          ))}
        </ul>
      </Section>
    </Page>
  )
}
