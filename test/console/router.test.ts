import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { pathOf } from '../../console/src/api.ts'
import { logQueryOf } from '../../console/src/log-query.ts'
import { placeOf, urlOf } from '../../console/src/router.ts'

suite('an address of the console says which page it is, of what, and how it is filtered', () => {
  const rows: readonly [url: string, place: ReturnType<typeof placeOf>][] = [
    ['/console', { page: 'overview', id: undefined, query: {} }],
    ['/console/', { page: 'overview', id: undefined, query: {} }],
    ['/console?period=7d', { page: 'overview', id: undefined, query: { period: '7d' } }],
    ['/console/messages?status=failed', { page: 'messages', id: undefined, query: { status: 'failed' } }],
    ['/console/messages/msg_1', { page: 'messages', id: 'msg_1', query: {} }],
    ['/console/messages/a%2Fb%3F', { page: 'messages', id: 'a/b?', query: {} }],
    ['/console/messages/%E0%A4', { page: 'messages', id: '%E0%A4', query: {} }],
  ]
  for (const [url, place] of rows) test(url, () => assert.deepEqual(placeOf(url), place))
})

test('the address of a page leads back to it, whatever its id and filters are', () => {
  for (const id of ['msg_1', '../../etc', 'a/b?c#d&e', '<b>', '%41', '+15551234567'])
    assert.deepEqual(placeOf(urlOf('messages', id, { search: '50% & more', empty: '' })), {
      page: 'messages',
      id,
      query: { search: '50% & more' },
    })
})

test('a path of the API keeps what it is given in its place', () => {
  const path = pathOf('/api/v1/opt-outs/{phone_number}', {
    path: { phone_number: '+1555/../keys?x' },
    query: { skip: 0, search: 'a&b', empty: '', absent: undefined },
  })
  assert.equal(path, '/api/v1/opt-outs/%2B1555%2F..%2Fkeys%3Fx?skip=0&search=a%26b')
})

suite('filters of the message log are asked for as far as they make sense', () => {
  const rows: readonly [query: Record<string, string>, asked: object][] = [
    [{}, {}],
    [
      { status: 'failed', direction: 'inbound' },
      { status: 'failed', direction: 'inbound' },
    ],
    [{ status: 'lost', direction: 'sideways' }, {}],
    [{ assistant_id: '7' }, { assistant_id: 7 }],
    [{ assistant_id: '7 OR 1' }, {}],
    [
      { search: 'hi', from_number: '+1555', provider: 'a' },
      { search: 'hi', from_number: '+1555', provider: 'a' },
    ],
    [{ date_from: '2027-01-31', date_to: 'soon' }, { date_from: '2027-01-31' }],
    [{ cursor: 'x', limit: '9', skip: '1' }, {}],
  ]
  for (const [query, asked] of rows) test(JSON.stringify(query), () => assert.deepEqual(logQueryOf(query), asked))
})
