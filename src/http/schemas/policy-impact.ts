import { type Static, Type } from 'typebox'
import { documentNames } from '../../use-cases/policy-document.ts'
import { judgedRules, messagesLookedAtMax, type PolicyImpact } from '../../use-cases/policy-impact.ts'
import { nullable, timeOf, timeSchema } from './common.ts'

export const policyImpactQuery = Type.Object({
  days: Type.Integer({ minimum: 1, maximum: 31, default: 7, description: 'Up to now.' }),
})

const ruleSchema = Type.Object({
  rule: Type.String({ enum: judgedRules.map((rule) => documentNames[rule]), description: 'As in the policy.' }),
  source: nullable(
    Type.String({
      enum: ['policy', 'guarded'],
      description:
        'Whose values were tried: those that are set, or, where none is, those of the preset. Null: neither has any.',
    }),
  ),
  would_stop: Type.Integer({ description: 'How many of the outbound messages it would have refused or held.' }),
  example_ids: Type.Array(Type.String(), { description: 'The newest of those, five at most.' }),
  did_stop: Type.Integer({ description: 'How many it refused, holds now, or a person has approved.' }),
})

export const policyImpactSchema = Type.Object(
  {
    days: Type.Integer(),
    from: timeSchema,
    messages_looked_at: Type.Integer({ description: `In both directions; the newest ${messagesLookedAtMax} at most.` }),
    complete: Type.Boolean({ description: 'False where there were more in that time: then the oldest are missing.' }),
    rules: Type.Array(ruleSchema),
  },
  {
    title: 'PolicyImpact',
    examples: [
      {
        days: 7,
        from: '2027-01-24T12:00:00.000Z',
        messages_looked_at: 1832,
        complete: true,
        rules: [
          {
            rule: 'per_recipient',
            source: 'guarded',
            would_stop: 3,
            example_ids: ['msg_01J2Z3N4P5Q6R7S8T9V0W1X2Y3'],
            did_stop: 0,
          },
        ],
      },
    ],
  },
)

export function policyImpactBodyOf(days: number, impact: PolicyImpact): Static<typeof policyImpactSchema> {
  return {
    days,
    from: timeOf(impact.from),
    messages_looked_at: impact.lookedAt,
    complete: impact.isComplete,
    rules: impact.rules.map(({ rule, source = null, wouldStop, examples, didStop }) => ({
      rule: documentNames[rule],
      source,
      would_stop: wouldStop,
      example_ids: [...examples],
      did_stop: didStop,
    })),
  }
}
