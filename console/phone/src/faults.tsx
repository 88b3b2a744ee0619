import { type Overview, treatNextLike } from './carrier-api.ts'
import type { ConversationProps } from './conversation.tsx'
import { usualFaults } from './words.ts'

/** What the carrier does with the next text to this person, whoever sends it. */
export function Faults({ place, thread, overview, fail }: ConversationProps & { readonly overview: Overview }) {
  const usual = new Set(usualFaults.map(({ like }) => like))
  const choose = (like: string) => treatNextLike(place.person, like === '' ? null : like).catch(fail)
  return (
    <div class="faults">
      <label>
        Next text to {place.person}
        <select
          value={thread?.next ?? ''}
          disabled={thread === undefined}
          onChange={({ currentTarget }) => void choose(currentTarget.value)}
        >
          <option value="">arrives as usual</option>
          <optgroup label="Usual faults">
            {usualFaults.map(({ like, label }) => (
              <option key={like} value={like}>
                {label}
              </option>
            ))}
          </optgroup>
          <optgroup label="More">
            {overview.faults
              .filter(({ like }) => !usual.has(like))
              .map(({ like, does }) => (
                <option key={like} value={like}>
                  {does}
                </option>
              ))}
          </optgroup>
        </select>
      </label>
      <p class="muted small">Holds for one text, then texts arrive as usual again.</p>
    </div>
  )
}
