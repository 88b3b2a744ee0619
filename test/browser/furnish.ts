import assert from 'node:assert/strict'
import type { Answer } from '../support/service-client.ts'
import { at } from '../support/service-client.ts'
import { type Desk, nell, tilly } from './desk.ts'

/** The words that strangers and operators put in, by the field they stand in. */
export type Words = {
  readonly name: string
  readonly body: string
  readonly note: string
  readonly metadata: Readonly<Record<string, string>>
  readonly mediaUrl: string
}

export type Furnished = {
  /** Every page of the console, by the address below /console, with something on it. */
  readonly pages: readonly string[]
  readonly person: string
  readonly conversationId: string
}

/** At least one of everything that a page can show, in the given words: texts with a person, and one who opts out. */
export async function furnish(
  desk: Desk,
  words: Words,
  { person, optedOut } = { person: '+12025550111', optedOut: '+12025550112' },
): Promise<Furnished> {
  const { call, send } = desk
  const [tillyId, nellId] = [await assistantOf(desk, tilly), await assistantOf(desk, nell)]
  await ok(call('PATCH', `/api/v1/assistants/${tillyId}`, { name: words.name, description: words.note }))
  const numbers = await ok(call('GET', '/api/v1/assistants/organization/phone-numbers'))
  for (const id of [at(numbers.body, 0, 'id'), at(numbers.body, 1, 'id')])
    await ok(call('PATCH', `/api/v1/assistants/organization/phone-numbers/${id}`, { friendly_name: words.name }))
  const accounts = await ok(call('GET', '/api/v1/provider-accounts'))
  await ok(call('PATCH', `/api/v1/provider-accounts/${at(accounts.body, 0, 'id')}`, { name: words.name }))
  await ok(call('POST', '/api/v1/users/me/api-keys', { name: words.name.slice(0, 100), scopes: ['read'] }))
  await ok(call('POST', '/api/v1/users', { name: words.name.slice(0, 100), role: 'viewer' }))
  await ok(call('POST', '/api/v1/opt-outs', { phone_number: optedOut, evidence: words.note }))
  // Nobody listens there: its deliveries fail, and say so.
  const endpoint = { url: 'http://127.0.0.1:9/events', description: words.name }
  const { body: added } = await ok(call('POST', '/api/v1/event-endpoints', endpoint))

  const more = { metadata: words.metadata, media_urls: [words.mediaUrl] }
  const sent = await ok(send(person, words.body, more))
  await ok(desk.carrier('POST', '/inbound', { from: person, to: tilly, body: words.body }))
  await ok(desk.carrier('POST', '/inbound', { from: optedOut, to: tilly, body: 'STOP' }))
  await desk.carrier('PUT', '/settings', { list_lag_ms: 60_000 })
  await send('+15005550512', words.body)
  const failed = await send('+15005550009', words.body)
  await ok(call('PUT', `/api/v1/assistants/${nellId}/policy`, { approval: true }))
  const held = await ok(send(person, words.body, { from_phone_number: nell }))
  await ok(call('POST', `/api/v1/assistants/${nellId}/pause`, { reason: words.note }))
  const conversations = await ok(
    call('GET', `/api/v1/sms-conversations?assistant_id=${tillyId}&customer_phone=${encodeURIComponent(person)}`),
  )
  const conversationId = String(at(conversations.body, 0, 'id'))
  const messageIds = [sent, failed, held].map(({ body }) => at(body, 'id'))
  return {
    person,
    conversationId,
    pages: [
      ...['/messages', ...messageIds.map((id) => `/messages/${id}`)],
      ...['/conversations', `/conversations/${conversationId}`, '/held', '/unknowns', '/opt-outs'],
      ...['/assistants', `/assistants/${tillyId}`, '/numbers', '/accounts', '/policy'],
      ...['/endpoints', `/endpoints/${at(added, 'id')}`, '/keys', '/audit', '/users', '/account', '/nowhere', ''],
    ],
  }
}

async function assistantOf(desk: Desk, number: string): Promise<number> {
  const { body } = await ok(desk.call('GET', `/api/v1/assistants/by-phone/${encodeURIComponent(number)}`))
  const id = at(body, 'id')
  assert.ok(typeof id === 'number', `nobody has ${number}`)
  return id
}

async function ok(answering: Promise<Answer>): Promise<Answer> {
  const answer = await answering
  assert.ok(answer.status >= 200 && answer.status < 300, `${answer.status}: ${answer.text}`)
  return answer
}
