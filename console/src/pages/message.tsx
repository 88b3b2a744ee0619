import { ApiError, call } from '../api.ts'
import type { Message } from '../api-types.ts'
import { useCan, usePlace } from '../app-context.ts'
import { capital, formatPhone, plural, words } from '../format.ts'
import { useLive, useLoad } from '../loading.ts'
import { ActionButton } from '../parts/button.tsx'
import { HeldActions } from '../parts/held-actions.tsx'
import { Icon, type IconName } from '../parts/icon.tsx'
import { Body, MediaLinks, MessageLink, useAssistants } from '../parts/names.tsx'
import { Facts, Page, Ready, Section, Time } from '../parts/page.tsx'
import { Status } from '../parts/status.tsx'
import { ResolveActions } from '../parts/unknown-actions.tsx'
import { urlOf } from '../router.ts'
import { requestOf, type TimelineTone, timelineOf } from '../timeline.ts'

const cancelable: readonly string[] = ['scheduled', 'held', 'queued']

export default function MessagePage() {
  const { id = '' } = usePlace()
  const loaded = useLoad('GET /sms/{message_id}', { path: { message_id: id } })
  const ownId = loaded.data?.message_id ?? id
  useLive((event) => {
    if (event === undefined || event.data.message_id === ownId) loaded.reload()
  })
  return (
    <Page
      title="Message"
      lead={<code>{ownId}</code>}
      back={{ url: urlOf('messages'), text: 'Messages' }}
      actions={loaded.data === undefined ? null : <Actions message={loaded.data} reload={loaded.reload} />}
    >
      <Ready from={loaded} lines={8}>
        {(message) => <Whole message={message} />}
      </Ready>
    </Page>
  )
}

function Actions({ message, reload }: { readonly message: Message; readonly reload: () => void }) {
  const [maySend, mayOperate] = [useCan('send'), useCan('operate')]
  const { message_id: id, status, hold_reason: reason } = message
  return (
    <>
      {message.conversation_id === null ? null : (
        <a class="button" href={urlOf('conversations', message.conversation_id)}>
          <Icon name="conversations" />
          Conversation
        </a>
      )}
      {status === 'held' && reason === 'approval' && mayOperate ? <HeldActions id={id} onDone={reload} /> : null}
      {status === 'unknown' && mayOperate ? <ResolveActions message={message} onDone={reload} /> : null}
      {cancelable.includes(status) && (maySend || mayOperate) ? (
        <ActionButton look="danger" done="Canceled. It will not be sent." act={async () => cancel(id).then(reload)}>
          Cancel
        </ActionButton>
      ) : null}
    </>
  )
}

async function cancel(id: string): Promise<void> {
  const { success, message } = await call('DELETE /sms/{message_id}', { path: { message_id: id } })
  if (!success) throw new ApiError(200, { detail: message, hint: 'It has left already, or has ended.' })
}

function Whole({ message }: { readonly message: Message }) {
  const { nameOf } = useAssistants()
  const { failure, reached_limit: limit } = message
  return (
    <>
      {failure === null ? null : (
        <div class="note bad">
          <strong>{capital(words(failure.reason))}</strong>
          <p>{failure.advice}</p>
          <p>
            To act: {failure.actor}. {failure.permanent ? 'Sending again will not help.' : 'It may pass.'}
            {failure.provider_code === null ? null : ` ${message.provider} code ${failure.provider_code}.`}{' '}
            {failure.provider_message}
          </p>
        </div>
      )}
      <div class="columns">
        <div>
          <Section title="Text">
            <div class="quote">
              <Body text={message.body} />
              <MediaLinks urls={message.media_urls} />
            </div>
          </Section>
          <Section title="Details">
            <Facts
              facts={[
                ['Status', <Status key="status" status={message.status} />],
                ['Held for', message.hold_reason === null ? null : words(message.hold_reason)],
                ['Held until', message.held_until === null ? null : <Time key="held" at={message.held_until} />],
                ['Direction', capital(message.direction)],
                ['From', formatPhone(message.from)],
                ['To', formatPhone(message.to)],
                [
                  'Assistant',
                  <a key="assistant" href={urlOf('assistants', message.assistant_id)}>
                    {nameOf(message.assistant_id)}
                  </a>,
                ],
                ['Provider', message.provider],
                [
                  'Provider’s id',
                  message.provider_message_id === null ? null : <code key="id">{message.provider_message_id}</code>,
                ],
                ['Segments', `${plural(message.segments, 'segment')}, ${message.encoding}`],
                ['Category', message.category],
                ['Answers', message.in_reply_to === null ? null : <MessageLink key="reply" id={message.in_reply_to} />],
                ['Keyword', message.keyword === null ? null : words(message.keyword)],
                ['Automatic', message.automatic === null ? null : words(message.automatic)],
                ['Send at', message.send_at === null ? null : <Time key="send" at={message.send_at} />],
                ['Expires', message.expires_at === null ? null : <Time key="expires" at={message.expires_at} />],
                ['Limit reached', limit === null ? null : `${limit.count} of ${limit.limit} ${limit.per}`],
                ['Created', <Time key="created" at={message.created_at} />],
                ['Changed', <Time key="changed" at={message.updated_at} />],
              ]}
            />
          </Section>
        </div>
        <div>
          <Section title="Timeline">
            <Timeline message={message} />
          </Section>
          {message.direction === 'inbound' ? null : (
            <Section title="The request that caused it">
              <pre>{`POST /sms/send\n\n${requestOf(message)}`}</pre>
            </Section>
          )}
        </div>
      </div>
    </>
  )
}

const icons: Readonly<Record<TimelineTone, IconName>> = {
  good: 'check',
  bad: 'cross',
  warn: 'warn',
  busy: 'arrow',
  quiet: 'dots',
}

function Timeline({ message }: { readonly message: Message }) {
  return (
    <ol class="timeline">
      {timelineOf(message).map(({ at, tone, what, details, advice }, index) => (
        <li key={index}>
          <span class={`dot ${tone}`}>
            <Icon name={icons[tone]} />
          </span>
          <span class="what">{what}</span>
          <Time at={at} isShort />
          {details.length === 0 && advice === undefined ? null : (
            <div class="more">
              {details.map(([name, value]) => (
                <div key={name}>
                  {name}: <code>{value}</code>
                </div>
              ))}
              {advice === undefined ? null : <div>What to do: {advice}</div>}
            </div>
          )}
        </li>
      ))}
    </ol>
  )
}
