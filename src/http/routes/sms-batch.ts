import { Type } from 'typebox'
import { errorFields } from '../../core/error-fields.ts'
import { SmsError } from '../../core/errors.ts'
import { messagesPerBatchMax } from '../../core/message.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Log } from '../../ports/log.ts'
import type { Batch, BatchOutcome, BatchResult } from '../../use-cases/send-batch.ts'
import { callerOf } from '../auth.ts'
import { errorBodyOf, httpStatusOf, internalError, okHttpStatus, retryAfterSeconds } from '../errors.ts'
import type { App } from '../fastify.ts'
import { commonErrors, errorAnswers } from '../schemas/common.ts'
import { batchAnswerSchema, batchBodySchema, batchBytesMax, parseBatch } from '../schemas/sms-batch.ts'
import { answerBodyOf } from '../send-answer-body.ts'
import { headerOf } from './sms.ts'

/** Of one process, bodies included; more are refused before their bodies are read. */
const batchesAtOnceMax = 16
const tooLarge = `The request body is larger than ${batchBytesMax} bytes. Send fewer messages in one batch.`

export type SmsBatchRouteParts = {
  readonly clock: Clock
  readonly log: Log
  readonly sendBatch: (batch: Batch) => Promise<BatchResult>
}

export function registerSmsBatchRoutes(app: App, { clock, log, sendBatch }: SmsBatchRouteParts): void {
  let atOnce = 0
  void app.register(async (scope: App) => {
    scope.setErrorHandler((error) => {
      throw isTooLarge(error) ? new SmsError('body_too_large', tooLarge) : error
    })
    scope.addHook('onRequest', async (_request, reply) => {
      if (atOnce >= batchesAtOnceMax)
        throw new SmsError('overloaded', 'Too many batches are in progress. Nothing was sent; try again in a second.', {
          retryAfterMs: 1_000,
        })
      atOnce++
      // The last thing of every exchange, also of one that its caller has left.
      reply.raw.once('close', () => atOnce--)
    })
    scope.post(
      '/sms/send/batch',
      {
        config: { scopes: ['send'] },
        bodyLimit: batchBytesMax,
        // The schema documents; parseBatch checks, each message for itself.
        validatorCompiler: () => () => true,
        schema: {
          operationId: 'sendSmsBatch',
          summary: `Queue up to ${messagesPerBatchMax} texts in one request`,
          description:
            'Each message has the fields of `POST /sms/send` and an answer of its own; one that is wrong or refused stops no other. All are queued, and let other texts of their numbers go first. With an idempotency key of the whole batch, repeating it completes what was cut off and texts nobody twice.',
          tags: ['messages'],
          headers: Type.Object({ 'idempotency-key': Type.Optional(Type.String()) }),
          body: batchBodySchema,
          response: {
            200: batchAnswerSchema,
            ...errorAnswers({
              ...commonErrors,
              400: ['invalid_request', `messages must be an array of 1 to ${messagesPerBatchMax} messages.`],
              413: ['body_too_large', tooLarge],
              415: ['unsupported_media_type', 'Send the body as JSON, with the header Content-Type: application/json.'],
              422: [
                'idempotency_key_reused',
                'This idempotency key was used with a different batch. Use a new key for a new batch.',
              ],
            }),
          },
        },
      },
      async (request, reply) => {
        const { organizationId } = callerOf(request)
        const batch = parseBatch(request.body, {
          idempotencyKeyHeader: headerOf(request.headers['idempotency-key']),
          now: clock.now(),
        })
        const { replayed, outcomes } = await sendBatch({ organizationId, ...batch })
        if (replayed) reply.header('idempotent-replayed', 'true')
        const results = outcomes.map((outcome) => resultBodyOf(outcome, clock.now()))
        logBugs(log, outcomes)
        const accepted = results.filter(({ status_code }) => status_code === okHttpStatus).length
        return { accepted, refused: results.length - accepted, results }
      },
    )
  })
}

function isTooLarge(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'FST_ERR_CTP_BODY_TOO_LARGE'
}

/** What POST /sms/send would have answered, its status and `Retry-After` among the members. */
function resultBodyOf(outcome: BatchOutcome, now: number) {
  const { status, body, retryAfterMs } = 'error' in outcome ? errorAnswerOf(outcome.error) : answerBodyOf(outcome, now)
  return {
    status_code: status,
    ...(retryAfterMs === undefined ? {} : { retry_after_seconds: Number(retryAfterSeconds(retryAfterMs)) }),
    ...body,
  }
}

function errorAnswerOf(error: unknown) {
  const expected = error instanceof SmsError ? error : internalError()
  const { code, retryAfterMs } = expected
  return {
    status: httpStatusOf(code),
    body: errorBodyOf(expected),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  }
}

function logBugs(log: Log, outcomes: readonly BatchOutcome[]): void {
  for (const outcome of outcomes)
    if ('error' in outcome && !(outcome.error instanceof SmsError))
      log.error('http.bug', { route: '/sms/send/batch', method: 'POST', ...errorFields(outcome.error) })
}
