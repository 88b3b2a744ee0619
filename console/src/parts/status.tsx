import type { MessageLog } from '../api-types.ts'
import { capital, words } from '../format.ts'
import { Icon, type IconName } from './icon.tsx'

export type Tone = 'good' | 'bad' | 'warn' | 'busy' | 'quiet'
export type MessageState = MessageLog['status']

const looks: Readonly<Record<MessageState, { readonly tone: Tone; readonly icon: IconName }>> = {
  scheduled: { tone: 'quiet', icon: 'clock' },
  held: { tone: 'warn', icon: 'pause' },
  queued: { tone: 'quiet', icon: 'dots' },
  sending: { tone: 'busy', icon: 'arrow' },
  sent: { tone: 'busy', icon: 'arrow' },
  delivered: { tone: 'good', icon: 'check' },
  undelivered: { tone: 'bad', icon: 'cross' },
  failed: { tone: 'bad', icon: 'cross' },
  expired: { tone: 'quiet', icon: 'clock' },
  canceled: { tone: 'quiet', icon: 'cross' },
  suppressed: { tone: 'quiet', icon: 'optouts' },
  unknown: { tone: 'warn', icon: 'unknowns' },
  received: { tone: 'good', icon: 'in' },
}
export const messageStates = Object.keys(looks)

export function isMessageState(value: unknown): value is MessageState {
  return typeof value === 'string' && value in looks
}

export function Status({ status }: { readonly status: MessageState }) {
  const { tone, icon } = looks[status]
  return <Badge tone={tone} icon={icon} text={capital(status)} />
}

/** Tone, shape and text say the same thing, each to somebody. */
export function Badge({ tone, icon, text }: { readonly tone: Tone; readonly icon?: IconName; readonly text: string }) {
  return (
    <span class={`badge ${tone}`}>
      {icon === undefined ? null : <Icon name={icon} />}
      {words(text)}
    </span>
  )
}
