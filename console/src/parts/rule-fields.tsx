import { ApiError, isRecord } from '../api.ts'
import type { Policy, PolicyLimit } from '../api-types.ts'
import type { RuleName } from '../rule-words.ts'
import { Field, listOf, numberOf, Select, TextArea, textOf } from './form.tsx'

const periods = ['minute', 'hour', 'day'] as const
const budgetPeriods = ['day', 'month'] as const
const periodOptions = periods.map((value) => ({ value, text: `per ${value}` }))
/** Caps of one rule: as many as the form has room for. */
const limitRows = [0, 1, 2]

/** The fields of one rule. `mode` says whether it is on, off, or left to the organization. */
export function RuleFields(props: {
  readonly name: RuleName
  readonly value: unknown
  readonly isOfAssistant: boolean
  readonly isOwn: boolean
}) {
  const { name, value, isOfAssistant, isOwn } = props
  const isOn = value !== undefined && value !== null && value !== 'off' && value !== false
  const options = [
    { value: 'on', text: 'On' },
    { value: 'off', text: 'Off' },
    ...(isOfAssistant ? [{ value: 'inherit', text: 'As the organization says' }] : []),
  ]
  const mode = isOfAssistant && !isOwn ? 'inherit' : isOn ? 'on' : 'off'
  return (
    <>
      <Select label="This rule is" name="mode" options={options} value={mode} />
      <ValueFields name={name} value={value} />
    </>
  )
}

function ValueFields({ name, value }: { readonly name: RuleName; readonly value: unknown }) {
  const record = isRecord(value) ? value : {}
  switch (name) {
    case 'approval':
      return null
    case 'recipients':
      return (
        <>
          <Select
            label="Whom"
            name="whom"
            options={[
              { value: 'reply_only', text: 'Only who has written first' },
              { value: 'list', text: 'Only these numbers' },
              { value: 'anyone', text: 'Anyone' },
            ]}
            value={Array.isArray(record.allow) ? 'list' : String(value ?? '')}
          />
          <TextArea
            label="Numbers"
            name="numbers"
            value={Array.isArray(record.allow) ? record.allow.join('\n') : ''}
            hint="One per line; only for “these numbers”."
          />
        </>
      )
    case 'countries':
      return (
        <TextArea
          label="Countries"
          name="countries"
          value={Array.isArray(value) ? value.join('\n') : 'sender'}
          hint="One per line: a code as US or JM, a prefix as +1876, or “sender” for the country of the number that sends."
        />
      )
    case 'quiet_hours':
      return (
        <p class="hint">
          On is the preset for marketing. Hours of your own for each weekday are set over the API and stay as they are
          until you save here.
        </p>
      )
    case 'per_recipient':
    case 'per_assistant':
    case 'per_organization':
      return <LimitFields limits={Array.isArray(value) ? value : []} />
    case 'unanswered':
    case 'loop':
      return (
        <Field
          label="Texts"
          name="count"
          type="number"
          min={name === 'loop' ? 2 : 1}
          value={numberIn(value) ?? (name === 'loop' ? 20 : 5)}
        />
      )
    case 'duplicate_seconds':
      return <Field label="Seconds" name="count" type="number" min={1} value={numberIn(value) ?? 60} />
    case 'prefix_velocity':
      return (
        <div class="row">
          <Field
            label="Leading digits"
            name="digits"
            type="number"
            min={3}
            max={14}
            value={numberIn(record.digits) ?? 8}
          />
          <Field label="Texts" name="messages" type="number" min={1} value={numberIn(record.messages) ?? 50} />
          <Select label="Period" name="per" options={periodOptions} value={String(record.per ?? 'hour')} />
        </div>
      )
    case 'spend':
      return (
        <div class="row">
          <Field label="Amount" name="amount" type="number" min={0} step="any" value={numberIn(record.amount) ?? ''} />
          <Select
            label="Period"
            name="per"
            options={budgetPeriods.map((per) => ({ value: per, text: `per ${per}` }))}
            value={String(record.per ?? 'day')}
          />
        </div>
      )
    case 'prices':
      return (
        <>
          <div class="row">
            <Field label="Currency" name="currency" maxLength={3} value={String(record.currency ?? 'USD')} />
            <Field
              label="Price of a segment"
              name="default"
              type="number"
              min={0}
              step="any"
              value={numberIn(record.default) ?? ''}
            />
          </div>
          <TextArea
            label="Other prices"
            name="by_prefix"
            value={
              isRecord(record.by_prefix)
                ? Object.entries(record.by_prefix)
                    .map(([prefix, price]) => `${prefix} ${String(price)}`)
                    .join('\n')
                : ''
            }
            hint="One per line: a prefix and its price, as in +44 0.04."
          />
        </>
      )
  }
  return name satisfies never
}

function LimitFields({ limits }: { readonly limits: readonly unknown[] }) {
  return (
    <fieldset>
      <legend>At most</legend>
      {limitRows.map((row) => {
        const limit = limits[row]
        const record = isRecord(limit) ? limit : {}
        return (
          <div class="row" key={row}>
            <Field
              label="Texts"
              name={`messages-${row}`}
              type="number"
              min={1}
              value={numberIn(record.messages) ?? ''}
            />
            <Select
              label="Period"
              name={`per-${row}`}
              options={periodOptions}
              value={String(record.per ?? periods[row])}
            />
          </div>
        )
      })}
    </fieldset>
  )
}

function numberIn(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined
}

/** @throws ApiError when what was filled in makes no rule; the API refuses the rest. */
export function ruleOfForm(name: RuleName, form: FormData): Policy[RuleName] {
  const mode = textOf(form, 'mode')
  if (mode === 'inherit') return null
  if (mode === 'off') return name === 'approval' ? false : name === 'prices' ? null : 'off'
  switch (name) {
    case 'approval':
      return true
    case 'recipients': {
      const whom = textOf(form, 'whom')
      if (whom === 'list') return { allow: filled(listOf(form, 'numbers'), 'Give at least one number.') }
      return whom === 'anyone' ? 'anyone' : 'reply_only'
    }
    case 'countries':
      return filled(listOf(form, 'countries'), 'Give at least one country.')
    case 'quiet_hours':
      return 'marketing'
    case 'per_recipient':
    case 'per_assistant':
    case 'per_organization':
      return filled(
        limitRows.flatMap((row) => limitOf(form, `messages-${row}`, `per-${row}`)),
        'Give at least one limit.',
      )
    case 'unanswered':
    case 'loop':
    case 'duplicate_seconds':
      return needed(form, 'count')
    case 'prefix_velocity':
      return { digits: needed(form, 'digits'), messages: needed(form, 'messages'), per: periodOf(form, 'per') }
    case 'spend':
      return { amount: needed(form, 'amount'), per: textOf(form, 'per') === 'month' ? 'month' : 'day' }
    case 'prices':
      return {
        currency: textOf(form, 'currency') ?? 'USD',
        default: needed(form, 'default'),
        by_prefix: pricesOf(form),
      }
  }
  return name satisfies never
}

function limitOf(form: FormData, messagesName: string, perName: string): PolicyLimit[] {
  const messages = numberOf(form, messagesName)
  return messages === undefined ? [] : [{ messages, per: periodOf(form, perName) }]
}

function periodOf(form: FormData, name: string): PolicyLimit['per'] {
  return periods.find((period) => period === textOf(form, name)) ?? 'day'
}

function pricesOf(form: FormData): Readonly<Record<string, number>> {
  return Object.fromEntries(
    listOf(form, 'by_prefix').map((line) => {
      const [prefix = '', price = ''] = line.split(/\s+/)
      if (!Number.isFinite(Number(price)) || price === '')
        throw new ApiError(0, {
          detail: `“${line}” is no price.`,
          hint: 'Write a prefix and its price, as in +44 0.04.',
        })
      return [prefix, Number(price)]
    }),
  )
}

function needed(form: FormData, name: string): number {
  const value = numberOf(form, name)
  if (value === undefined) throw new ApiError(0, { detail: 'A number is missing.', hint: 'Fill in every field.' })
  return value
}

function filled<T>(list: readonly T[], detail: string): readonly T[] {
  if (list.length === 0) throw new ApiError(0, { detail, hint: 'Or turn the rule off.' })
  return list
}
