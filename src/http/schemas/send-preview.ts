import { Type } from 'typebox'
import { holdReasons } from '../../core/message.ts'
import { optOutScopes, optOutSources } from '../../core/opt-out.ts'
import { refusalRules } from '../../core/send-decision.ts'
import { nullable, timeSchema } from './common.ts'
import { encodingSchema, sendAnswerExamples, sendAnswerSchema, waitSecondsSchema } from './sms.ts'

/** What a send can be expected to come to. */
export const expectations = ['send', 'queue', 'schedule', 'hold', 'refuse'] as const
export type Expectation = (typeof expectations)[number]
export const consentStates = ['none', 'in_doubt', 'opted_out'] as const
export const forcingCharactersMax = 20

const verdictSchema = Type.Object(
  {
    kind: Type.String({ enum: ['refuse', 'hold'] }),
    rule: Type.Optional(Type.String({ enum: [...refusalRules, 'sender_busy'], description: 'What would refuse it.' })),
    reason: Type.Optional(Type.String({ enum: [...holdReasons], description: 'What would hold it.' })),
    detail: Type.String(),
    limit: nullable(Type.Number()),
    count: nullable(Type.Number({ description: 'How much of the limit is used.' })),
    per: nullable(Type.String()),
    until: nullable(Type.String({ format: 'date-time', description: 'Sending may be allowed again from then on.' })),
  },
  { title: 'SendVerdict' },
)

const paceSchema = Type.Object({
  segments_per_second: Type.Number(),
  strict: Type.Boolean({ description: 'Direct sends wait for their turn too.' }),
})

const forcingSchema = Type.Object({
  character: Type.String(),
  code_point: Type.String({ examples: ['U+2019'] }),
  position: Type.Integer({ description: 'Where it stands first: characters before it.' }),
})

const previewExample = {
  dry_run: true,
  would: 'refuse',
  provider: 'telnyx',
  assistant_id: 1,
  encoding: 'ucs-2',
  segments: 1,
  characters: 21,
  forced_ucs2: [{ character: '’', code_point: 'U+2019', position: 3 }],
  warnings: ['Carried as UCS-2 (70 characters a segment instead of 160) because of: ’'],
  estimated_cost: { amount: 0.0079, currency: 'USD' },
  opt_out: { state: 'none', since: null, source: null, scope: null },
  verdicts: [
    {
      kind: 'refuse',
      rule: 'recipient_cap',
      detail: 'The policy allows 3 texts to one person per day, and 3 have been sent.',
      limit: 3,
      count: 3,
      per: 'day',
      until: '2027-01-31T12:00:00.000Z',
    },
  ],
  policies_off: ['recipients', 'countries', 'quiet_hours', 'approval'],
  pace: { segments_per_second: 1, strict: false },
  expected_wait_seconds: null,
}

export const sendPreviewSchema = Type.Object(
  {
    dry_run: Type.Boolean({ const: true }),
    would: Type.String({ enum: [...expectations], description: 'What the same request without dry_run would do.' }),
    provider: Type.String(),
    assistant_id: Type.Integer(),
    encoding: encodingSchema,
    segments: Type.Integer(),
    characters: Type.Integer({ description: 'Unicode code points.' }),
    forced_ucs2: Type.Array(forcingSchema, {
      maxItems: forcingCharactersMax,
      description: 'The characters because of which it is carried as UCS-2, each once.',
    }),
    warnings: Type.Array(Type.String()),
    estimated_cost: nullable(
      Type.Object({ amount: Type.Number(), currency: Type.String() }, { description: 'By the prices of the policy.' }),
    ),
    opt_out: Type.Object({
      state: Type.String({ enum: [...consentStates] }),
      since: nullable(timeSchema),
      source: nullable(Type.String({ enum: [...optOutSources] })),
      scope: nullable(Type.String({ enum: [...optOutScopes] })),
    }),
    verdicts: Type.Array(verdictSchema, {
      description:
        'Everything that would refuse or hold it, refusals first; for a scheduled text as it looks today for its time. It is decided again when it leaves.',
    }),
    policies_off: Type.Array(Type.String(), {
      description: 'The rules of the policy that are not set for this assistant.',
    }),
    pace: paceSchema,
    expected_wait_seconds: nullable(waitSecondsSchema),
    duplicate_of: Type.Optional(Type.String({ description: 'Our id of the identical message that it would join.' })),
  },
  {
    title: 'SendPreview',
    description: 'The answer to a dry run.',
    examples: [previewExample],
  },
)

/** The two answers to a send that went well, with `dry_run` and without. */
export const sendOrPreviewSchema = Type.Union([sendAnswerSchema, sendPreviewSchema], {
  examples: [...sendAnswerExamples, previewExample],
})
