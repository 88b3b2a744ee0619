import assert from 'node:assert/strict'
import { test } from 'node:test'
import { guardContent, requestContent } from './content.ts'
import { isMediaUrl } from './media.ts'
import type { SendRequest } from './message.ts'
import { parseE164 } from './phone-number.ts'

const request: SendRequest = {
  sender: parseE164('+1234567890'),
  recipient: parseE164('+1555123456'),
  body: 'Hello',
  mediaUrls: [],
  category: 'conversation',
  onUnknown: 'hold',
  metadata: { b: '2', a: '1' },
  queue: false,
}

test('the order of metadata and the idempotency key do not make another request', () => {
  const same = { ...request, metadata: { a: '1', b: '2' }, idempotencyKey: 'k' }
  assert.equal(requestContent(same), requestContent(request))
  for (const other of [
    { category: 'marketing' },
    { queue: true },
    { queue: true, sendAt: 1 },
    { expiresAt: 1 },
  ] as const)
    assert.notEqual(requestContent({ ...request, ...other }), requestContent(request))
})

test('sends of two organizations, numbers or texts never guard each other', () => {
  const content = { ...request, organizationId: 1, assistantId: 1 }
  const others = [{ organizationId: 2 }, { body: 'Hello!' }, { mediaUrls: ['https://example.com/a'] }]
  for (const other of others) assert.notEqual(guardContent({ ...content, ...other }), guardContent(content))
})

test('where the policy holds duplicates back, another number of the same assistant makes no other text', () => {
  const content = { ...request, organizationId: 1, assistantId: 1 }
  const other = { ...content, sender: parseE164('+1234567891') }
  assert.notEqual(guardContent(other), guardContent(content))
  const duplicates = { duplicateUntil: 10 }
  assert.equal(guardContent({ ...other, ...duplicates }), guardContent({ ...content, ...duplicates }))
  assert.notEqual(
    guardContent({ ...content, ...duplicates, assistantId: 2 }),
    guardContent({ ...content, ...duplicates }),
  )
})

test('media addresses are http or https, short enough, and carry no credentials', () => {
  for (const url of ['https://example.com/a.jpg', 'http://example.com', 'HTTPS://EXAMPLE.COM/x?y=1'])
    assert.ok(isMediaUrl(url), url)
  const bad = [
    '',
    'ftp://example.com/a',
    'https://',
    'https://u:p@example.com/',
    'javascript:alert(1)',
    'example.com/a',
  ]
  for (const url of [...bad, `https://example.com/${'a'.repeat(2000)}`]) assert.ok(!isMediaUrl(url), url.slice(0, 40))
})
