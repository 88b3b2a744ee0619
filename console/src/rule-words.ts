import { isRecord } from './api.ts'
import { formatNumber, plural } from './format.ts'

export const ruleNames = [
  ...(['recipients', 'countries', 'approval', 'quiet_hours', 'per_recipient', 'per_assistant'] as const),
  ...(['per_organization', 'unanswered', 'loop', 'prefix_velocity', 'duplicate_seconds', 'spend', 'prices'] as const),
] as const
export type RuleName = (typeof ruleNames)[number]

export const ruleTexts: Readonly<Record<RuleName, { readonly title: string; readonly does: string }>> = {
  recipients: {
    title: 'Recipients',
    does: 'Whom an assistant may text: anyone, only who has written first, or a list.',
  },
  countries: {
    title: 'Countries',
    does: 'Where texts may go. Numbers of +1 count by area code, so the Caribbean is apart.',
  },
  approval: { title: 'Approval', does: 'Every text is held until a person approves it.' },
  quiet_hours: { title: 'Quiet hours', does: 'Marketing waits until the recipient’s morning.' },
  per_recipient: { title: 'Texts to one person', does: 'Refuses more than so many to the same person.' },
  per_assistant: { title: 'Texts of one assistant', does: 'Refuses more than so many of each assistant.' },
  per_organization: { title: 'Texts of all assistants', does: 'Refuses more than so many in all.' },
  unanswered: { title: 'Unanswered texts', does: 'Refuses another text to a person who has not answered so many.' },
  loop: { title: 'Loops', does: 'Stops two programs that answer each other.' },
  prefix_velocity: { title: 'Number prefixes', does: 'Refuses many texts to numbers that begin alike, as in fraud.' },
  duplicate_seconds: { title: 'Repeated texts', does: 'The same text again within this time joins the first.' },
  spend: { title: 'Budget', does: 'Refuses what would exceed the budget. Needs prices.' },
  prices: { title: 'Prices', does: 'What a segment costs, for the budget and for estimates.' },
}

/** A rule as it is set, in a few words. */
export function sayRule(name: RuleName, value: unknown): string {
  if (value === 'anyone') return 'anyone'
  if (value === 'reply_only') return 'only who has written first'
  if (value === 'marketing') return 'marketing from morning to evening'
  if (value === true) return 'every text'
  if (typeof value === 'number')
    return name === 'duplicate_seconds' ? `${formatNumber(value)} s` : plural(value, 'text')
  if (Array.isArray(value)) return name === 'countries' ? value.join(', ') : value.map(sayLimit).join(', ')
  if (!isRecord(value)) return String(value)
  if (Array.isArray(value.allow)) return plural(value.allow.length, 'number')
  if (name === 'quiet_hours') return 'hours of your own'
  if (name === 'spend') return `${String(value.amount)} per ${String(value.per)}`
  if (name === 'prices') return `${String(value.default)} ${String(value.currency)} per segment`
  if (name === 'prefix_velocity') return `${sayLimit(value)} per ${String(value.digits)} digits`
  return JSON.stringify(value)
}

function sayLimit(limit: unknown): string {
  return isRecord(limit) ? `${formatNumber(Number(limit.messages))} per ${String(limit.per)}` : String(limit)
}
