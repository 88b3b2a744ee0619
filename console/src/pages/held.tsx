import type { Message } from '../api-types.ts'
import { useCan, usePlace } from '../app-context.ts'
import { formatPhone, words } from '../format.ts'
import { useLoad } from '../loading.ts'
import { HeldActions } from '../parts/held-actions.tsx'
import { Body, MediaLinks, MessageLink, useAssistants } from '../parts/names.tsx'
import { Empty, Page, Ready, Time } from '../parts/page.tsx'
import { Badge } from '../parts/status.tsx'
import { urlOf } from '../router.ts'

const limit = 50

export default function Held() {
  const { query } = usePlace()
  const loaded = useLoad(
    'GET /api/v1/held',
    { query: { limit, before: query.before || undefined } },
    { on: /^message\./ },
  )
  return (
    <Page
      title="Held"
      lead="Texts that wait: for your approval, for the recipient’s morning, or for a pause to end. None is dropped."
    >
      <Ready from={loaded}>
        {({ messages, next }) => (
          <>
            {messages.length === 0 ? (
              <Empty title="Nothing is held">
                Texts wait here when an assistant <a href={urlOf('policy')}>needs approval</a>, in quiet hours, and
                during a pause.
              </Empty>
            ) : (
              <ul class="cards">
                {messages.map((message) => (
                  <HeldItem key={message.message_id} message={message} onDone={loaded.reload} />
                ))}
              </ul>
            )}
            {next === null ? null : (
              <nav class="pager" aria-label="Pages">
                <span />
                <a href={urlOf('held', undefined, { before: next })}>Older</a>
              </nav>
            )}
          </>
        )}
      </Ready>
    </Page>
  )
}

function HeldItem({ message, onDone }: { readonly message: Message; readonly onDone: () => void }) {
  const { nameOf } = useAssistants()
  const mayOperate = useCan('operate')
  const { message_id: id, hold_reason: reason, held_until: until } = message
  return (
    <li class="item">
      <header>
        <Badge tone="warn" icon="pause" text={reason === 'approval' ? 'Needs approval' : (reason ?? 'held')} />
        <span>
          {nameOf(message.assistant_id)} <span class="muted">to</span> {formatPhone(message.to)}
        </span>
        <Time at={message.created_at} isShort />
      </header>
      <div class="quote">
        <Body text={message.body} />
        <MediaLinks urls={message.media_urls} />
      </div>
      <div class="actions">
        {reason === 'approval' && mayOperate ? <HeldActions id={id} onDone={onDone} /> : null}
        {reason !== 'approval' ? (
          <span class="muted">
            {reason === null ? 'Held' : `Held for: ${words(reason)}`}
            {until === null ? '. It leaves when the pause ends.' : null}
            {until === null ? null : (
              <>
                , until <Time at={until} isShort />
              </>
            )}
          </span>
        ) : null}
        <MessageLink id={id} text="Details" />
      </div>
    </li>
  )
}
