import { SmsError } from '../core/errors.ts'
import type { Attempt } from '../core/message.ts'
import type { MessageId } from '../core/message-id.ts'
import { resendAttemptsMax } from '../core/retry.ts'
import type { MessageRecord } from '../ports/store.ts'
import {
  type DispatchParts,
  evidenceWindowMs,
  makeDispatchMessage,
  outboundOf,
  startTerms,
} from './dispatch-message.ts'
import { type ReceiptParts, recordDeliveryReceipt } from './record-delivery-receipt.ts'

export type ReconcileParts = DispatchParts & ReceiptParts

/**
 * A search that brought nothing for so long has met a provider that hangs. Its account is left alone for a while: its
 * messages wait, or end with their window, and take no time from those of others.
 */
const hangingMs = 5_000
const hangingPauseMs = 60_000

/**
 * Finds out what became of an attempt that left no usable answer.
 *
 *   asked at its provider -> found: recorded as a receipt, the message is what the evidence says
 *                         -> nothing, several, or nobody to ask: again later, until the evidence window has passed;
 *                            then the attempt is closed and the message unknown, or (with `resend`) sent again
 */
export function makeReconcileAttempt(parts: ReconcileParts): (record: MessageRecord) => Promise<void> {
  const { store, providers, clock, log, metrics, watch } = parts
  const sendAgain = makeSendAgain(parts)
  const hangingUntil = new Map<number, number>()

  return async function reconcileAttempt(record) {
    const { message, attempts } = record
    const attempt = attempts.findLast(({ outcome, closedAt }) => outcome?.kind === 'unknown' && closedAt === undefined)
    if (attempt === undefined) return
    const provider = providers.get(message.provider)
    const account = await store.accounts.find(message.organizationId, message.providerAccountId)
    if (provider !== undefined && account !== undefined && !(clock.now() < (hangingUntil.get(account.id) ?? 0))) {
      const askedAtMs = clock.monotonicMs()
      const finding = await provider.findSent(
        {
          message: outboundOf(message, undefined, parts.callbacks),
          startedAt: attempt.startedAt,
          ...(message.providerMessageId === undefined ? {} : { providerMessageId: message.providerMessageId }),
          isTaken: async (id) =>
            isTakenByOther(record, await store.messages.findByProviderId(message.organizationId, id)),
        },
        account,
      )
      if (finding.kind === 'unavailable' && clock.monotonicMs() - askedAtMs >= hangingMs)
        hangingUntil.set(account.id, clock.now() + hangingPauseMs)
      else hangingUntil.delete(account.id)
      const isTaken =
        finding.kind === 'found' &&
        (await recordDeliveryReceipt(parts, record, { receipt: finding.receipt, source: 'search' })) === 'taken'
      const kind = isTaken ? 'ambiguous' : finding.kind
      metrics.reconciliation(message.provider, kind)
      log.info('message.searched', { messageId: message.id, provider: message.provider, finding: kind })
      if (kind === 'found') return
    }
    if (clock.now() < attempt.startedAt + evidenceWindowMs(parts, message)) return
    const mayResend = message.onUnknown === 'resend' && attempts.length < resendAttemptsMax
    // It stays as it is until the queue goes on: what a backup shows as unresolved may have been sent again already.
    if (mayResend && (await store.queueState.findHold()) !== undefined) return
    await store.evidence.closeAttempt({
      organizationId: message.organizationId,
      messageId: message.id,
      attemptNumber: attempt.number,
      at: clock.now(),
    })
    watch.changed(message.id)
    log.warn('message.unknown', { messageId: message.id, provider: message.provider, attempt: attempt.number })
    if (mayResend) await sendAgain(record)
  }
}

function isTakenByOther({ message }: MessageRecord, other: MessageRecord | undefined): boolean {
  return other !== undefined && other.message.id !== message.id
}

/** The person who decided, and why; absent when a job did. */
type Decision = { readonly by?: string; readonly note?: string }

/** Starts a further attempt of an unknown message, if it is still unknown, and waits for its outcome. */
export function makeSendAgain(
  parts: ReconcileParts,
): (record: MessageRecord, decision?: Decision) => Promise<'started' | 'refused' | 'superseded'> {
  const { store, clock, watch } = parts
  const dispatchMessage = makeDispatchMessage(parts)

  return async function sendAgain({ key, message, attempts }, decision = {}) {
    const route = await parts.routes.get(message)
    const attempt: Attempt = {
      number: Math.max(...attempts.map(({ number }) => number)) + 1,
      startedAt: clock.now(),
    }
    const start = await store.sends.startAttempt({
      key,
      messageId: message.id,
      organizationId: message.organizationId,
      recipient: message.recipient,
      attempt,
      resend: true,
      ...startTerms(parts, message, route),
      ...decision,
    })
    if (start !== 'started') return start
    try {
      const stored = (await store.messages.find(message.organizationId, message.id))?.attempts ?? []
      await dispatchMessage({ key, message, attempts: stored.length > 0 ? stored : [...attempts, attempt] }, route)
    } finally {
      watch.changed(message.id)
    }
    return start
  }
}

export type Resolution = {
  readonly resolution: 'sent' | 'send_again'
  readonly note?: string
  /** Who decided: the API key's id and name. */
  readonly by: string
}

/**
 * A person decides about a message that nothing else can tell: it was sent, or it is to be sent again. On record with
 * who said so.
 * @throws SmsError `not_found`, `conflict` when it is not unknown (any more).
 */
export function makeResolveUnknown(
  parts: ReconcileParts,
): (organizationId: number, messageId: MessageId, resolution: Resolution) => Promise<MessageRecord> {
  const { store, clock, log, watch } = parts
  const sendAgain = makeSendAgain(parts)

  return async function resolveUnknown(organizationId, messageId, { resolution, note, by }) {
    const record = await get()
    const attempt = record.attempts.findLast(({ outcome }) => outcome?.kind === 'unknown')
    if (attempt === undefined || !['sending', 'unknown'].includes(record.message.status)) throw notUnknown()
    if (resolution === 'send_again' && record.message.bodyRemovedAt !== undefined)
      throw new SmsError('conflict', 'The text of this message is not kept any more, so it cannot be sent again.')
    const mark = { organizationId, messageId, attemptNumber: attempt.number, at: clock.now() }
    log.warn('message.resolved_by_person', { messageId, resolution, by })
    if (resolution === 'sent') {
      if (!(await store.evidence.vouch({ ...mark, by, ...(note === undefined ? {} : { note }) }))) throw notUnknown()
      watch.changed(messageId)
    } else {
      await store.evidence.closeAttempt({ ...mark, by, ...(note === undefined ? {} : { note }) })
      const started = await sendAgain(record, { by, ...(note === undefined ? {} : { note }) })
      if (started === 'superseded') throw notUnknown()
      if (started === 'refused')
        throw new SmsError('recipient_opted_out', 'The recipient has opted out meanwhile, so it is not sent again.')
    }
    await store.audit.append({
      organizationId,
      occurredAt: mark.at,
      actor: by,
      action: 'message.resolved',
      subject: `message ${messageId}`,
      data: { resolution, ...(note === undefined ? {} : { note }) },
    })
    return get()

    async function get(): Promise<MessageRecord> {
      const found = await store.messages.find(organizationId, messageId)
      if (found === undefined) throw new SmsError('not_found', 'No message has this id.')
      return found
    }
  }
}

function notUnknown(): SmsError {
  return new SmsError('conflict', 'What became of this message is known by now. Look at it again.')
}
