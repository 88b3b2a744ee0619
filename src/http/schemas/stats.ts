import { type Static, Type } from 'typebox'
import { failureReasons } from '../../core/failure.ts'
import { messageStatuses } from '../../core/message-status.ts'
import { type Overview, type OverviewPeriod, overviewPeriods, type StatusCounts } from '../../use-cases/overview.ts'
import { nullable, timeSchema } from './common.ts'

const outboundStatuses = messageStatuses.filter((status) => status !== 'received')
type Counts = Record<(typeof outboundStatuses)[number], number>
const counts = Object.fromEntries(outboundStatuses.map((status) => [status, Type.Integer()]))
const countsSchema = Type.Unsafe<Counts>(Type.Object(counts))
const bucketSchema = Type.Unsafe<Counts & { at: string }>(Type.Object({ at: timeSchema, ...counts }))
const share = {
  total: Type.Integer(),
  delivered: Type.Integer(),
  failed: Type.Integer({ description: 'Failed, undelivered, expired or suppressed.' }),
}

export const overviewQuery = Type.Object({
  period: Type.Unsafe<OverviewPeriod>(
    Type.String({ enum: Object.keys(overviewPeriods), default: '24h', description: 'Up to now.' }),
  ),
})

function countsOf(byStatus: StatusCounts): Counts {
  const count = (status: keyof Counts) => byStatus[status] ?? 0
  return {
    scheduled: count('scheduled'),
    held: count('held'),
    queued: count('queued'),
    sending: count('sending'),
    sent: count('sent'),
    delivered: count('delivered'),
    undelivered: count('undelivered'),
    failed: count('failed'),
    expired: count('expired'),
    canceled: count('canceled'),
    suppressed: count('suppressed'),
    unknown: count('unknown'),
  }
}

const exampleCounts = countsOf({ delivered: 97, failed: 3 })

export const overviewSchema = Type.Object(
  {
    period: Type.String({ enum: Object.keys(overviewPeriods) }),
    from: timeSchema,
    to: timeSchema,
    bucket_seconds: Type.Integer(),
    volume: Type.Array(bucketSchema, {
      description: 'One for each bucket, oldest first, by status; the last has only begun.',
    }),
    totals: countsSchema,
    delivery_rate: nullable(
      Type.Number({
        minimum: 0,
        maximum: 1,
        description:
          'Delivered, of what a provider took and of which the end is known: delivered, undelivered, expired, failed. Null when nothing is known.',
      }),
    ),
    failures: Type.Array(
      Type.Object({
        reason: Type.String({ enum: failureReasons }),
        count: Type.Integer(),
        advice: Type.String({ description: 'What to do about it.' }),
      }),
      { description: 'Most frequent first; also what was refused by policy.' },
    ),
    unknown: Type.Integer({
      description: 'Messages of any time that wait for a decision at /api/v1/unknowns; 10000 at most.',
    }),
    waiting: Type.Object({ queued: Type.Integer(), scheduled: Type.Integer(), held: Type.Integer() }),
    oldest_waiting_seconds: nullable(Type.Integer({ description: 'Of the queued ones.' })),
    per_assistant: Type.Array(Type.Object({ assistant_id: Type.Integer(), name: nullable(Type.String()), ...share }), {
      description: 'Most texts first; the name of one that is gone is null.',
    }),
    per_provider: Type.Array(Type.Object({ provider: Type.String(), ...share })),
  },
  {
    title: 'Overview',
    examples: [
      {
        period: '24h',
        from: '2027-01-30T13:00:00.000Z',
        to: '2027-01-31T12:34:56.000Z',
        bucket_seconds: 3600,
        volume: [{ at: '2027-01-30T13:00:00.000Z', ...exampleCounts }],
        totals: exampleCounts,
        delivery_rate: 0.97,
        failures: [
          {
            reason: 'landline',
            count: 3,
            advice: 'The number cannot receive texts. Ask the recipient for a mobile number.',
          },
        ],
        unknown: 0,
        waiting: { queued: 0, scheduled: 1, held: 0 },
        oldest_waiting_seconds: null,
        per_assistant: [{ assistant_id: 1, name: 'Support Bot', total: 100, delivered: 97, failed: 3 }],
        per_provider: [{ provider: 'twilio', total: 100, delivered: 97, failed: 3 }],
      },
    ],
  },
)

export function overviewBodyOf(period: OverviewPeriod, overview: Overview): Static<typeof overviewSchema> {
  const time = (at: number) => new Date(at).toISOString()
  const { oldestQueuedAt } = overview
  return {
    period,
    from: time(overview.from),
    to: time(overview.to),
    bucket_seconds: overview.bucketMs / 1_000,
    volume: overview.volume.map(({ at, byStatus }) => ({ at: time(at), ...countsOf(byStatus) })),
    totals: countsOf(overview.byStatus),
    delivery_rate: overview.deliveryRate ?? null,
    failures: overview.failures.map((failure) => ({ ...failure })),
    unknown: overview.unknown,
    waiting: { ...overview.waiting },
    oldest_waiting_seconds:
      oldestQueuedAt === undefined ? null : Math.max(0, Math.floor((overview.to - oldestQueuedAt) / 1_000)),
    per_assistant: overview.perAssistant.map(({ assistantId, name = null, ...rest }) => ({
      assistant_id: assistantId,
      name,
      ...rest,
    })),
    per_provider: overview.perProvider.map((one) => ({ ...one })),
  }
}
