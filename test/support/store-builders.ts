import { hash } from 'node:crypto'
import type { Message } from '../../src/core/message.ts'
import { makeMessageId } from '../../src/core/message-id.ts'
import type { Route } from '../../src/core/organization.ts'
import { parseE164 } from '../../src/core/phone-number.ts'
import { decideSend } from '../../src/core/policy.ts'
import type { Metrics } from '../../src/ports/metrics.ts'
import type { NewSend, Store } from '../../src/ports/store.ts'

export const now = 1_790_000_000_000

export const silentMetrics: Metrics = {
  messageStatus: () => undefined,
  providerCall: () => undefined,
  unrecognizedCode: () => undefined,
  commit: () => undefined,
}

let made = 0
/** A number that no other test has. */
export function freshName(prefix: string): string {
  made++
  return `${prefix} ${made}`
}

/** An organization with one account, assistant and number. */
export async function buildRoute(store: Store, phoneNumber = '+12025550142'): Promise<Route> {
  const { id: organizationId } = await store.organizations.create({ name: freshName('Acme'), createdAt: now })
  const times = { createdAt: now, updatedAt: now }
  const account = await store.accounts.create({
    organizationId,
    name: 'main',
    provider: 'twilio',
    settings: { account_sid: 'AC1' },
    secrets: { auth_token: 'secret token' },
    ...times,
  })
  const assistant = await store.assistants.create({
    organizationId,
    name: 'Support Bot',
    customSettings: {},
    isActive: true,
    ...times,
  })
  const sender = await store.senders.create({
    organizationId,
    phoneNumber: parseE164(phoneNumber),
    assistantId: assistant.id,
    providerAccountId: account.id,
    isActive: true,
    ...times,
  })
  return { account, assistant, sender }
}

export function buildSend(
  route: Route,
  options: { readonly body?: string; readonly idempotencyKey?: string; readonly at?: number } = {},
): NewSend {
  const at = options.at ?? now
  const body = options.body ?? 'Hello'
  const message: Message = {
    id: makeMessageId(at, hash('sha256', freshName('id'), 'buffer')),
    organizationId: route.sender.organizationId,
    assistantId: route.assistant.id,
    senderId: route.sender.id,
    providerAccountId: route.account.id,
    provider: route.account.provider,
    sender: route.sender.phoneNumber,
    recipient: parseE164('+12025550199'),
    body,
    mediaUrls: [],
    encoding: 'gsm-7',
    segmentCount: 1,
    category: 'conversation',
    onUnknown: 'hold',
    metadata: { order: '7' },
    status: 'sending',
    createdAt: at,
    updatedAt: at,
  }
  return {
    message,
    guard: hash('sha256', `${message.organizationId} ${body}`, 'hex').slice(0, 32),
    guardExpiresAt: at + 600_000,
    ...(options.idempotencyKey === undefined
      ? {}
      : {
          idempotency: { route: 'sms.send', key: options.idempotencyKey, requestHash: body, forgetBefore: at - 1_000 },
        }),
    decide: decideSend,
  }
}
