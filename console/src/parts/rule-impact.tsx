import type { PolicyImpact } from '../api-types.ts'
import { formatNumber, plural } from '../format.ts'
import { MessageLink } from './names.tsx'

type RuleImpact = PolicyImpact['rules'][number]

/** What a rule has stopped lately, and what it, or the preset where it is off, would have stopped. */
export function Impact({ impact, days }: { readonly impact: RuleImpact; readonly days: number }) {
  const { source, would_stop: wouldStop, did_stop: didStop, example_ids: examples } = impact
  if (source === null && didStop === 0) return null
  const would = wouldStop === 0 ? 'nothing' : plural(wouldStop, 'text')
  return (
    <span class="muted small">
      {didStop > 0 ? `Stopped ${formatNumber(didStop)} in ${days} days. ` : null}
      {source === null
        ? null
        : source === 'guarded'
          ? `As in “guarded”, it would have stopped ${would} in ${days} days.`
          : `It would have stopped ${would} of ${days} days.`}{' '}
      {examples.map((id, index) => (
        <span key={id}>
          {index === 0 ? 'See ' : ', '}
          <MessageLink id={id} text={`${index + 1}`} />
        </span>
      ))}
    </span>
  )
}
