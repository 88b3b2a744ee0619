import { type Static, Type } from 'typebox'
import type { Assistant, Organization } from '../../core/organization.ts'
import {
  budgetPeriods,
  conversationLimitMax,
  countriesMax,
  duplicateSecondsMax,
  effectivePolicy,
  guardedPolicy,
  limitMessagesMax,
  limitsMax,
  loopMin,
  type Policy,
  periods,
  prefixDigitsMax,
  prefixDigitsMin,
  presetNames,
  priceMax,
  pricesMax,
  recipientListMax,
  spendMax,
} from '../../core/policy.ts'
import { weekdays } from '../../core/quiet-hours.ts'
import { policyDocumentOf, rulesOff } from '../../use-cases/policy-document.ts'
import { e164Schema, nullable, numberExample } from './common.ts'

const off = Type.String({ const: 'off' })

/** Null takes a member away; `off` sets the one of the organization aside. */
const orOff = (...schemas: Parameters<typeof Type.Union>[0]) =>
  Type.Optional(Type.Union([...schemas, off, Type.Null()]))

const whole = (minimum: number, maximum: number) => Type.Integer({ minimum, maximum })
const per = (choices: readonly string[]) => Type.String({ enum: [...choices] })
const exact = { additionalProperties: false } as const

const limitSchema = Type.Object(
  { messages: whole(1, limitMessagesMax), per: per(periods) },
  { ...exact, title: 'PolicyLimit', description: 'At most so many texts in any minute, hour or day (24 hours).' },
)
const limits = orOff(Type.Array(limitSchema, { minItems: 1, maxItems: limitsMax }))

const dayWindow = Type.Array(Type.String({ pattern: '^\\d\\d:\\d\\d$' }), { minItems: 2, maxItems: 2 })

const pricesSchema = Type.Object(
  {
    currency: Type.String({ pattern: '^[A-Z]{3}$' }),
    default: Type.Number({ minimum: 0, maximum: priceMax }),
    by_prefix: Type.Optional(
      Type.Record(Type.String(), Type.Number({ minimum: 0, maximum: priceMax }), {
        maxProperties: pricesMax,
        description: 'By the first digits of the recipient; the longest that fits counts.',
      }),
    ),
  },
  { ...exact, title: 'PolicyPrices', description: 'Of one segment. Needed for `spend` and for estimated costs.' },
)

const sharedMembers = {
  recipients: orOff(
    Type.String({
      enum: ['anyone', 'reply_only'],
      description: '`reply_only`: who has written to the assistant first.',
    }),
    Type.Object({ allow: Type.Array(e164Schema('A person.'), { minItems: 1, maxItems: recipientListMax }) }, exact),
  ),
  countries: orOff(
    Type.Array(Type.String(), {
      minItems: 1,
      maxItems: countriesMax,
      description:
        'Countries (`US` is without the Caribbean numbers of +1), first digits (`+1876`), or `sender`: the country of the sending number.',
    }),
  ),
  per_recipient: limits,
  per_assistant: limits,
  unanswered: orOff(whole(1, conversationLimitMax)),
  prefix_velocity: orOff(
    Type.Object(
      { digits: whole(prefixDigitsMin, prefixDigitsMax), messages: whole(1, limitMessagesMax), per: per(periods) },
      {
        ...exact,
        description: 'Texts to numbers whose first digits are the same: what fraud by premium numbers looks like.',
      },
    ),
  ),
  loop: orOff(whole(loopMin, conversationLimitMax)),
  quiet_hours: orOff(
    Type.String({ const: 'marketing' }),
    Type.Object(Object.fromEntries(weekdays.map((day) => [day, Type.Optional(dayWindow)])), {
      ...exact,
      description: 'When marketing may arrive where the recipient is. On days that are not given nothing may.',
    }),
  ),
  approval: Type.Optional(nullable(Type.Boolean({ description: 'Every text waits until a person approves it.' }))),
  duplicate_seconds: orOff(whole(1, duplicateSecondsMax)),
}

const organizationMembers = {
  ...sharedMembers,
  per_organization: limits,
  spend: orOff(Type.Object({ amount: Type.Number({ minimum: 0, maximum: spendMax }), per: per(budgetPeriods) }, exact)),
  prices: Type.Optional(nullable(pricesSchema)),
}

const preset = Type.Optional(
  Type.String({ enum: [...presetNames], description: 'Sensible values at once; what is given beside it goes first.' }),
)

const about = 'Rules that are not given are off, and then anybody may be texted who has not opted out.'

const organizationPolicy = Type.Object(organizationMembers, { ...exact, title: 'Policy', description: about })
const assistantPolicy = Type.Object(sharedMembers, {
  ...exact,
  title: 'AssistantPolicy',
  description: "Each member replaces the organization's; `off` sets that one aside.",
})

export const policyBodySchema = Type.Object(
  { preset, ...organizationMembers },
  {
    ...exact,
    title: 'PolicyUpdate',
    description: `${about} null takes a rule away.`,
    examples: [
      { preset: 'guarded', unanswered: 8 },
      { per_recipient: [{ messages: 5, per: 'day' }], countries: ['US', '+1876'] },
    ],
  },
)

export const assistantPolicyBodySchema = Type.Object(
  { preset, ...sharedMembers },
  {
    ...exact,
    title: 'AssistantPolicyUpdate',
    description: "Each member replaces the organization's; `off` sets that one aside, null takes the own one away.",
    examples: [{ recipients: 'reply_only', approval: true }],
  },
)

const offSchema = Type.Array(Type.String(), { description: 'The rules that are not set.' })

const guarded = policyDocumentOf(guardedPolicy)
const offWhenGuarded = rulesOff(guardedPolicy)

export const policySchema = Type.Object(
  { policy: organizationPolicy, off: offSchema },
  { title: 'OrganizationPolicy', examples: [{ policy: guarded, off: offWhenGuarded }] },
)

export const assistantPolicySchema = Type.Object(
  { policy: assistantPolicy, effective: organizationPolicy, off: offSchema },
  {
    title: 'PolicyOfAssistant',
    description: "`effective`: what holds for the assistant, the organization's rules included.",
    examples: [
      {
        policy: { recipients: { allow: [numberExample] } },
        effective: { recipients: { allow: [numberExample] }, ...guarded },
        off: offWhenGuarded.filter((rule) => rule !== 'recipients'),
      },
    ],
  },
)

export function policyBodyOf({ policy }: Organization): Static<typeof policySchema> {
  return { policy: policyDocumentOf(policy), off: rulesOff(policy) }
}

export function assistantPolicyBodyOf(
  organization: Organization,
  { policy }: Assistant,
): Static<typeof assistantPolicySchema> {
  const effective = effectivePolicy(organization.policy, policy)
  return { policy: policyDocumentOf(policy), effective: withoutOff(effective), off: rulesOff(effective) }
}

function withoutOff(policy: Policy): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(policyDocumentOf(policy)).filter(([, member]) => member !== 'off'))
}
