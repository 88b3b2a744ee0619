import type { UnknownMessage } from '../api-types.ts'
import { useCan, usePlace } from '../app-context.ts'
import { formatPhone } from '../format.ts'
import { useLoad } from '../loading.ts'
import { Body, MessageLink, useAssistants } from '../parts/names.tsx'
import { Empty, Page, Ready, Time } from '../parts/page.tsx'
import { Status } from '../parts/status.tsx'
import { Pager } from '../parts/table.tsx'
import { ResolveActions } from '../parts/unknown-actions.tsx'
import { urlOf } from '../router.ts'

const limit = 50

export default function Unknowns() {
  const { query } = usePlace()
  const skip = Number(query.skip ?? 0) || 0
  const loaded = useLoad('GET /api/v1/unknowns', { query: { skip, limit } }, { on: /^message\./ })
  return (
    <Page
      title="Unknowns"
      lead="Texts that may or may not have gone out: the connection broke after they may have reached the provider. They are never sent again by themselves, unless their sender asked for that."
    >
      <Ready from={loaded}>
        {(messages) => (
          <>
            {messages.length === 0 ? (
              <Empty title="Nothing is unknown">
                When a provider does not answer, the text waits here for evidence: a receipt, a search at the provider,
                or your word.
              </Empty>
            ) : (
              <ul class="cards">
                {messages.map((message) => (
                  <UnknownItem key={message.message_id} message={message} onDone={loaded.reload} />
                ))}
              </ul>
            )}
            <Pager
              skip={skip}
              limit={limit}
              count={messages.length}
              urlAt={(to) => urlOf('unknowns', undefined, { skip: to === 0 ? undefined : String(to) })}
            />
          </>
        )}
      </Ready>
    </Page>
  )
}

function UnknownItem({ message, onDone }: { readonly message: UnknownMessage; readonly onDone: () => void }) {
  const { nameOf } = useAssistants()
  const mayOperate = useCan('operate')
  return (
    <li class="item">
      <header>
        <Status status={message.status} />
        <span>
          {nameOf(message.assistant_id)} <span class="muted">to</span> {formatPhone(message.to)}{' '}
          <span class="muted">by {message.provider}</span>
        </span>
        <Time at={message.created_at} isShort />
      </header>
      <div class="quote">
        <Body text={message.body} />
      </div>
      {message.known === null ? null : <p class="muted">{message.known}</p>}
      <div class="actions">
        {mayOperate ? <ResolveActions message={message} onDone={onDone} /> : null}
        <MessageLink id={message.message_id} text="Details" />
      </div>
    </li>
  )
}
