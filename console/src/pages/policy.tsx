import { call } from '../api.ts'
import { useLoad } from '../loading.ts'
import { useAssistants } from '../parts/names.tsx'
import { Page, Ready, Section } from '../parts/page.tsx'
import { Impact } from '../parts/rule-impact.tsx'
import { Rules } from '../parts/rules.tsx'
import { urlOf } from '../router.ts'

/** How far back “lately” goes. */
const impactDays = 7

export default function PolicyPage() {
  const loaded = useLoad('GET /api/v1/policy')
  const impact = useLoad('GET /api/v1/policy/impact', { query: { days: impactDays } })
  const { list } = useAssistants()
  const told = Object.fromEntries(
    (impact.data?.rules ?? []).map((one) => [one.rule, <Impact key={one.rule} impact={one} days={impactDays} />]),
  )
  const changed = () => {
    loaded.reload()
    impact.reload()
  }
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
            change={async (body) => call('PATCH /api/v1/policy', { body }).then(changed)}
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
