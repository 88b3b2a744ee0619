import { useId, useState } from 'preact/hooks'
import { sendText } from './carrier-api.ts'
import type { ConversationProps } from './conversation.tsx'

const words = ['STOP', 'START', 'HELP'] as const
const bodyLengthMax = 1_600

export function Composer({ place, overview, say, fail }: ConversationProps) {
  const [body, setBody] = useState('')
  const [picture, setPicture] = useState<string>()
  const [isPicking, setIsPicking] = useState(false)
  const [isBusy, setIsBusy] = useState(false)
  const pickerId = useId()
  const chosen = overview?.pictures.find(({ name }) => name === picture)

  const send = async (text: { readonly body: string; readonly picture?: string | undefined }) => {
    setIsBusy(true)
    try {
      await sendText({ from: place.person, to: place.number, ...text })
      say('')
      return true
    } catch (error) {
      fail(error)
      return false
    } finally {
      setIsBusy(false)
    }
  }
  const submit = async () => {
    if (isBusy || (body.trim() === '' && picture === undefined)) return
    if (!(await send({ body, picture }))) return
    setBody('')
    setPicture(undefined)
    setIsPicking(false)
  }

  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault()
        void submit()
      }}
    >
      <div class="words">
        {words.map((word) => (
          <button key={word} type="button" disabled={isBusy} onClick={() => void send({ body: word })}>
            {word}
          </button>
        ))}
      </div>
      {isPicking && (
        <fieldset id={pickerId} class="pictures">
          <legend class="hidden">Picture to send</legend>
          {overview?.pictures.map(({ name, shows, path }) => (
            <button
              key={name}
              type="button"
              aria-pressed={picture === name}
              onClick={() => setPicture(picture === name ? undefined : name)}
            >
              <img src={path} alt={shows} width="72" height="54" />
            </button>
          ))}
        </fieldset>
      )}
      <div class="line">
        <button
          type="button"
          class="plus"
          aria-expanded={isPicking}
          aria-controls={pickerId}
          aria-label={chosen === undefined ? 'Add a picture' : `Add a picture; chosen: ${chosen.shows}`}
          onClick={() => setIsPicking(!isPicking)}
        >
          {chosen === undefined ? '+' : '1'}
        </button>
        <textarea
          rows={1}
          value={body}
          maxLength={bodyLengthMax}
          aria-label="Text"
          placeholder="Text message"
          onInput={({ currentTarget }) => setBody(currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return
            event.preventDefault()
            void submit()
          }}
        />
        <button type="submit" class="send" disabled={isBusy || (body.trim() === '' && picture === undefined)}>
          Send
        </button>
      </div>
    </form>
  )
}
