import { useEffect, useRef, useState } from 'preact/hooks'
import { call } from '../api.ts'
import type { Conversation, ConversationMessage } from '../api-types.ts'
import { useApp, useCan, usePlace } from '../app-context.ts'
import { formatDay, formatPhone, plural } from '../format.ts'
import { useLoad } from '../loading.ts'
import { ActionButton } from '../parts/button.tsx'
import { Form, TextArea, textOf } from '../parts/form.tsx'
import { MediaLinks } from '../parts/names.tsx'
import { Empty, Page, Ready, Time } from '../parts/page.tsx'
import { Status } from '../parts/status.tsx'
import { urlOf } from '../router.ts'

/** Texts shown at once; earlier ones are a page back. */
const limit = 100
const live = { on: /^message\./ }

export default function ConversationPage() {
  const { router } = useApp()
  const { id = '' } = usePlace()
  const path = { conversation_id: id }
  const conversation = useLoad(
    'GET /api/v1/sms-conversations/{conversation_id}',
    { path, query: { include_archived: true } },
    live,
  )
  const mayOperate = useCan('operate')
  const { data } = conversation
  return (
    <Page
      title={data === undefined ? 'Conversation' : formatPhone(data.customer_phone_number)}
      lead={
        data === undefined ? undefined : `with ${data.assistant_name}, on ${formatPhone(data.assistant_phone_number)}`
      }
      back={{ url: urlOf('conversations'), text: 'Conversations' }}
      actions={
        <>
          {data === undefined ? null : (
            <a class="button" href={urlOf('opt-outs', undefined, { number: data.customer_phone_number })}>
              Opt-outs
            </a>
          )}
          <a class="button" href={`/api/v1/sms-conversations/${encodeURIComponent(id)}/export?format=csv`} download>
            Export
          </a>
          {mayOperate && data?.status === 'active' ? (
            <ActionButton
              done="Archived. It comes back with the next text."
              act={async () => {
                await call('DELETE /api/v1/sms-conversations/{conversation_id}', { path })
                router.go(urlOf('conversations'))
              }}
            >
              Archive
            </ActionButton>
          ) : null}
        </>
      }
    >
      <Ready from={conversation}>{(one) => <Chat conversation={one} />}</Ready>
    </Page>
  )
}

function Chat({ conversation }: { readonly conversation: Conversation }) {
  const { id, message_count: count } = conversation
  const [pagesBack, setPagesBack] = useState(0)
  const skip = Math.max(0, count - limit * (pagesBack + 1))
  const loaded = useLoad(
    'GET /api/v1/sms-conversations/{conversation_id}/messages',
    { path: { conversation_id: id }, query: { skip, limit, include_archived: true } },
    live,
  )
  const maySend = useCan('send')
  const shown = useRef<readonly ConversationMessage[]>([])
  if (loaded.data !== undefined) shown.current = loaded.data
  return (
    <div class="chat" role="log" aria-label="Conversation">
      {skip > 0 || pagesBack > 0 ? (
        <div class="pager">
          {skip > 0 ? (
            <button type="button" class="button quiet" onClick={() => setPagesBack(pagesBack + 1)}>
              Earlier ({plural(skip, 'text')})
            </button>
          ) : null}
          {pagesBack > 0 ? (
            <button type="button" class="button quiet" onClick={() => setPagesBack(0)}>
              Newest
            </button>
          ) : null}
        </div>
      ) : null}
      {shown.current.length > 0 ? (
        <Bubbles messages={shown.current} />
      ) : (
        <Ready from={loaded}>{() => <Empty title="No texts" />}</Ready>
      )}
      {maySend ? <Reply conversation={conversation} onSent={loaded.reload} /> : null}
    </div>
  )
}

function Bubbles({ messages }: { readonly messages: readonly ConversationMessage[] }) {
  const list = useRef<HTMLOListElement>(null)
  const newest = messages.at(-1)?.message_id
  useEffect(() => list.current?.scrollTo({ top: list.current.scrollHeight }), [newest])
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a list that scrolls must be reachable by keyboard
    <ol ref={list} aria-label="Texts" tabIndex={0}>
      {messages.map((message, index) => {
        const day = formatDay(message.timestamp)
        const before = messages[index - 1]
        const isNewDay = before === undefined || formatDay(before.timestamp) !== day
        return (
          <>
            {isNewDay ? (
              <li key={day} class="day">
                {day}
              </li>
            ) : null}
            <Bubble key={message.message_id} message={message} />
          </>
        )
      })}
    </ol>
  )
}

function Bubble({ message }: { readonly message: ConversationMessage }) {
  const isOurs = message.role === 'assistant'
  return (
    <li class={isOurs ? 'bubble ours' : 'bubble'}>
      <div>
        <span class="hidden">{isOurs ? 'We wrote: ' : 'They wrote: '}</span>
        {message.content_removed_at === null ? (
          <span class="body">{message.content}</span>
        ) : (
          <em class="muted">The text was removed.</em>
        )}
        <MediaLinks urls={message.media_urls} />
      </div>
      <footer>
        {isOurs ? <Status status={message.status} /> : null}
        <a href={urlOf('messages', message.message_id)}>
          <Time at={message.timestamp} isShort />
        </a>
      </footer>
    </li>
  )
}

function Reply({ conversation, onSent }: { readonly conversation: Conversation; readonly onSent: () => void }) {
  const [draft, setDraft] = useState('')
  const { last_inbound_message_id: inReplyTo } = conversation
  const send = async (form: FormData) => {
    const text = textOf(form, 'message') ?? ''
    await call('POST /sms/send', {
      path: {},
      body: {
        from_phone_number: conversation.assistant_phone_number,
        to_phone_number: conversation.customer_phone_number,
        message: text,
        in_reply_to: inReplyTo,
        queue: true,
      },
    })
    setDraft('')
    onSent()
  }
  return (
    <Form submit="Send" isCleared act={send}>
      <TextArea
        label={inReplyTo === null ? 'Write to them' : 'Answer'}
        name="message"
        required
        rows={2}
        maxLength={1600}
        value={draft}
        onInput={(event) => setDraft(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return
          event.preventDefault()
          event.currentTarget.form?.requestSubmit()
        }}
        hint={`${draft.length} of 1600 characters. Ctrl+Enter sends.${inReplyTo === null ? '' : ' If they write again meanwhile, it is not sent.'}`}
      />
    </Form>
  )
}
