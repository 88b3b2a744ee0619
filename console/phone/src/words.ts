import type { Text } from './carrier-api.ts'

const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' })
const date = new Intl.DateTimeFormat(undefined, { weekday: 'short', day: 'numeric', month: 'short' })

export function timeOf(instant: string): string {
  return clock.format(new Date(instant))
}

export function dayOf(instant: string): string {
  return date.format(new Date(instant))
}

export type Ticks = { readonly sign: string; readonly says: string; readonly isBad: boolean }

/** What the carrier knows of the text: of one to the person whether it arrived, of one by the person whether it was taken. */
export function ticksOf({ from_person, status, provider }: Text): Ticks {
  const says = (from_person ? wordsOfReport : wordsOfDelivery)[status] ?? status
  const sign = { sent: '✓', pending: '✓', delivered: '✓✓', queued: '◷' }[status] ?? '!'
  return { sign, says: says.replace('PROVIDER', provider), isBad: sign === '!' }
}

const wordsOfDelivery: Readonly<Record<string, string>> = {
  queued: 'Accepted by the carrier',
  sent: 'Sent',
  delivered: 'Delivered',
  unreachable: 'Not delivered: the phone is off',
  filtered: 'Not delivered: filtered as spam',
}

const wordsOfReport: Readonly<Record<string, string>> = {
  pending: 'Being reported',
  delivered: 'Taken by Textbridge',
  failed: 'Nobody took it: the inbound URL of the number did not answer with success',
  none: 'Nobody was told: the number has no inbound URL',
}

/** What a menu shows first, by the magic recipient that plays it; the rest keep the simulator's own words. */
export const usualFaults: readonly { readonly like: string; readonly label: string }[] = [
  { like: '+15005550601', label: 'Undeliverable: the phone is off' },
  { like: '+15005550602', label: 'Undeliverable: filtered as spam' },
  { like: '+15005550605', label: 'Late receipts' },
  { like: '+15005550604', label: 'Duplicate receipts' },
  { like: '+15005550603', label: 'Receipts in reverse order' },
  { like: '+15005550600', label: 'No receipt, ever' },
  { like: '+15005550004', label: 'Refused: opted out' },
  { like: '+15005550009', label: 'Refused: a landline' },
  { like: '+15005550430', label: 'Refused: too fast (429)' },
  { like: '+15005550521', label: 'Answer lost: accepted, then a timeout' },
  { like: '+15005550511', label: 'Answer lost: accepted, then a reset' },
  { like: '+15005550510', label: 'Connection reset, not accepted' },
]
