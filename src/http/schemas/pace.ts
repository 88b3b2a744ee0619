import { type Static, Type } from 'typebox'
import { dailySegmentsMax, paceMax, type SenderType, senderTypes } from '../../core/pacing.ts'
import type { AccountPaceFields, SenderPaceFields } from '../../use-cases/change-pace.ts'
import { nullable } from './common.ts'

const perSecond = (description: string) => Type.Number({ exclusiveMinimum: 0, maximum: paceMax, description })
const exact = { additionalProperties: false } as const
const defaults = 'What is not given, or null, is the default of the provider.'

const segmentsPerSecond = perSecond('Segments per second. Longer texts have several segments and take longer.')
const dailySegments = Type.Integer({
  minimum: 1,
  maximum: dailySegmentsMax,
  description: 'Segments in a day of the carriers (from midnight, Pacific time). The rest waits for the next day.',
})
const strict = Type.Boolean({ description: 'Direct sends wait for their turn too, up to 10 seconds.' })
const type = Type.Unsafe<SenderType>(
  Type.String({ enum: [...senderTypes], description: 'Where the digits do not say what the number is.' }),
)

export const senderPaceSchema = Type.Object(
  {
    segments_per_second: Type.Optional(nullable(segmentsPerSecond)),
    daily_segments: Type.Optional(nullable(dailySegments)),
    strict: Type.Optional(nullable(strict)),
    type: Type.Optional(nullable(type)),
  },
  { ...exact, title: 'PhoneNumberPace', description: `How fast texts may leave from the number. ${defaults}` },
)

export const accountPaceSchema = Type.Object(
  {
    sms_per_second: Type.Optional(nullable(perSecond('Texts without media, over all numbers of the account.'))),
    mms_per_second: Type.Optional(nullable(perSecond('Texts with media, over all numbers of the account.'))),
  },
  {
    ...exact,
    title: 'ProviderAccountPace',
    description: `How many texts per second may leave through the account. ${defaults}`,
  },
)

/** Only members that were given. */
export function senderPaceFieldsOf(body: Static<typeof senderPaceSchema>): SenderPaceFields {
  return {
    ...(body.segments_per_second === undefined ? {} : { segmentsPerSecond: body.segments_per_second }),
    ...(body.daily_segments === undefined ? {} : { dailySegments: body.daily_segments }),
    ...(body.strict === undefined ? {} : { strict: body.strict }),
    ...(body.type === undefined ? {} : { type: body.type }),
  }
}

/** Only members that were given. */
export function accountPaceFieldsOf(body: Static<typeof accountPaceSchema>): AccountPaceFields {
  return {
    ...(body.sms_per_second === undefined ? {} : { smsPerSecond: body.sms_per_second }),
    ...(body.mms_per_second === undefined ? {} : { mmsPerSecond: body.mms_per_second }),
  }
}
