import { useState } from 'preact/hooks'
import { addressOf, isSame, type Place } from './address.ts'
import { e164, type Overview, type Text } from './carrier-api.ts'
import { timeOf } from './words.ts'

export function Threads(props: {
  readonly overview: Overview | undefined
  readonly place: Place | undefined
  readonly open: (place: Place) => void
}) {
  const { overview, place, open } = props
  return (
    <nav class="threads" aria-label="Conversations">
      <header>
        <h1>Phones</h1>
        <p class="muted">
          Everybody who was texted here. Nothing leaves this machine. <a href="/">Ledger</a>
        </p>
      </header>
      {overview !== undefined && <OtherPhone numbers={overview.numbers} open={open} />}
      <ul>
        {(overview?.threads ?? []).map(({ last, count }) => (
          <li key={addressOf(last)}>
            <a href={addressOf(last)} aria-current={isSame(last, place) ? 'page' : undefined}>
              <span class="row">
                <strong>{last.person}</strong>
                <time dateTime={last.created_at}>{timeOf(last.created_at)}</time>
              </span>
              <span class="row muted">
                <span class="preview">{previewOf(last)}</span>
                <span class="count">
                  {count}
                  <span class="hidden"> texts with {last.number}</span>
                </span>
              </span>
              <span class="muted small" aria-hidden="true">
                with {last.number} ({last.provider})
              </span>
            </a>
          </li>
        ))}
      </ul>
    </nav>
  )
}

function OtherPhone({
  numbers,
  open,
}: {
  readonly numbers: Overview['numbers']
  readonly open: (place: Place) => void
}) {
  const [person, setPerson] = useState('')
  const [number, setNumber] = useState(numbers[0]?.number ?? '')
  const [fault, setFault] = useState('')
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    if (!e164.test(person.trim())) return setFault('Type a number like +12025550199.')
    setFault('')
    open({ person: person.trim(), number })
  }
  return (
    <form class="other" onSubmit={submit} noValidate>
      <label>
        Any phone
        <input
          type="tel"
          value={person}
          placeholder="+12025550199"
          autocomplete="off"
          aria-invalid={fault !== ''}
          aria-describedby="person-fault"
          onInput={({ currentTarget }) => setPerson(currentTarget.value)}
        />
      </label>
      <label>
        with
        <select value={number} onChange={({ currentTarget }) => setNumber(currentTarget.value)}>
          {numbers.map((own) => (
            <option key={own.number} value={own.number}>
              {own.number} ({own.provider})
            </option>
          ))}
        </select>
      </label>
      <button type="submit">Open</button>
      <p id="person-fault" class="fault" role="alert">
        {fault}
      </p>
    </form>
  )
}

function previewOf({ from_person, body, media }: Text): string {
  const shown = body === '' && media.length > 0 ? 'Media' : body
  return from_person ? `You: ${shown}` : shown
}
