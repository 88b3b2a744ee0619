import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { after, before, suite, test } from 'node:test'
import { parseE164 } from '../../src/core/phone-number.ts'
import type { Store } from '../../src/ports/store.ts'
import { at, engines, startTestService, type TestService } from '../support/service-client.ts'
import { buildRoute, now } from '../support/store-builders.ts'

const key = 'canary-key-of-acme-0123456789-0123456789'
const otherKey = 'canary-key-of-other-0123456789-0123456789'
const path = '/api/v1/opt-outs'
const organizationPath = '/api/v1/organization'
const [doubtful, both, narrow] = ['+12025550101', '+12025550102', '+12025550103']

async function prepare(store: Store): Promise<void> {
  const { sender, assistant } = await buildRoute(store)
  const { organizationId } = sender
  const sha256 = hash('sha256', key, 'hex')
  await store.apiKeys.create({
    organizationId,
    name: 'acme',
    prefix: 'cana',
    hash: sha256,
    scopes: ['read', 'manage'],
    createdAt: now,
    updatedAt: now,
  })
  const optOut = { organizationId, source: 'keyword', evidence: 'pls stop it', createdAt: now } as const
  const ofAssistant = { assistantId: assistant.id }
  await store.optOuts.addAll([
    { ...optOut, recipient: parseE164(doubtful), inDoubt: true },
    { ...optOut, recipient: parseE164(both), inDoubt: true, ...ofAssistant },
    { ...optOut, recipient: parseE164(both), inDoubt: false, ...ofAssistant, senderId: sender.id },
    { ...optOut, recipient: parseE164(narrow), inDoubt: true, ...ofAssistant },
  ])
}

for (const engine of engines)
  suite(`opt-outs over ${engine}`, () => {
    let service: TestService
    before(async () => {
      service = await startTestService({ engine, organizations: [{ name: 'Other', key: otherKey }], prepare })
    })
    after(() => service.close())

    const call = (method: string, to: string, json?: unknown) => service.call(method, to, { key, json })
    const found = async (number: string) => {
      const { body } = await call('GET', `${path}/${encodeURIComponent(number)}`)
      return Array.isArray(body)
        ? body.map((entry: unknown) => ['scope', 'in_doubt', 'source', 'evidence'].map((name) => at(entry, name)))
        : undefined
    }

    async function importCsv(body: string | Uint8Array<ArrayBuffer>, type = 'text/csv') {
      const response = await fetch(`${service.url}${path}/import`, {
        method: 'POST',
        headers: { authorization: `Bearer ${key}`, 'content-type': type },
        body,
      })
      const answer: unknown = await response.json()
      return { status: response.status, body: answer }
    }

    test('what is in doubt is confirmed by recording it, and keeps what the person wrote', async () => {
      assert.deepEqual(await found(doubtful), [['organization', true, 'keyword', 'pls stop it']])
      const confirmed = await call('POST', path, { phone_number: doubtful })
      assert.equal(confirmed.status, 201, confirmed.text)
      assert.deepEqual(await found(doubtful), [['organization', false, 'api', 'pls stop it']])

      assert.equal((await call('POST', path, { phone_number: narrow, evidence: 'on the phone' })).status, 201)
      assert.deepEqual(await found(narrow), [
        ['organization', false, 'api', 'on the phone'],
        ['assistant', false, 'api', 'pls stop it'],
      ])
      assert.equal((await call('POST', path, { phone_number: narrow })).status, 200)
    })

    test('what is in doubt can be dismissed while what is certain stays; without a word, all of it goes', async () => {
      const one = `${path}/${encodeURIComponent(both)}`
      assert.deepEqual(await found(both), [
        ['assistant', true, 'keyword', 'pls stop it'],
        ['sender', false, 'keyword', 'pls stop it'],
      ])
      const [wide, narrower] = [await call('GET', one), 'phone_number_id']
      assert.equal(typeof at(wide.body, 1, narrower), 'number')
      assert.deepEqual([at(wide.body, 0, narrower), typeof at(wide.body, 0, 'assistant_id')], [null, 'number'])
      assert.equal((await call('DELETE', `${one}?only_in_doubt=true`)).status, 204)
      assert.deepEqual(await found(both), [['sender', false, 'keyword', 'pls stop it']])
      const certain = await call('DELETE', `${one}?only_in_doubt=true`)
      assert.deepEqual(
        [certain.status, at(certain.body, 'detail')],
        [404, 'This number has opted out for certain: nothing is in doubt. Without only_in_doubt it is removed.'],
      )
      assert.equal((await call('DELETE', one)).status, 204)
      assert.equal(await found(both), undefined)
    })

    test('a file is taken in line by line, and the faulty lines are named', async () => {
      const file = [
        'phone_number,evidence,created_at',
        '+13035550001,"Form, signed",2020-01-31T12:00:00Z',
        '',
        "'+13035550002",
        '13035550003',
        '+13035550001,again',
        '+13035550004,x,yesterday',
        '+13035550005,x,2999-01-01',
        `+13035550006,${'e'.repeat(501)}`,
        '+13035550007,"open',
      ].join('\r\n')
      const taken = await importCsv(file)
      assert.deepEqual(taken, {
        status: 200,
        body: {
          created: 2,
          existing: 1,
          faulty: 5,
          faults: [
            { line: 5, fault: 'The phone number is not in E.164 format (e.g., +1234567890).' },
            { line: 7, fault: 'The time is none, as 2027-01-31T12:00:00Z is.' },
            { line: 8, fault: 'The time is in the future.' },
            { line: 9, fault: 'The evidence has more than 500 characters.' },
            { line: 10, fault: 'A quote is not closed.' },
          ],
        },
      })
      const { body } = await call('GET', `${path}/%2B13035550001`)
      assert.deepEqual(
        ['source', 'evidence', 'created_at', 'scope'].map((name) => at(body, 0, name)),
        ['import', 'Form, signed', '2020-01-31T12:00:00.000Z', 'organization'],
      )
      assert.equal(at((await importCsv('\uFEFF+13035550001;x\n')).body, 'faulty'), 1)
      assert.deepEqual(at((await importCsv('evidence,phone_number\n=1+1,+13035550008')).body, 'created'), 1)
    })

    test('of many faulty lines the first twenty are named, and the greatest file is taken', async () => {
      const faulty = await importCsv('x\n'.repeat(30))
      assert.deepEqual([at(faulty.body, 'faulty'), at(faulty.body, 'faults', 'length')], [30, 20])
      const lines = Array.from({ length: 20_000 }, (_, index) => `+1404${String(index).padStart(7, '0')}`)
      const most = await importCsv(lines.join('\n'))
      assert.deepEqual([most.status, at(most.body, 'created')], [200, 20_000])
      const one = await importCsv(`${lines.join('\n')}\n+1`)
      assert.deepEqual(
        [one.status, at(one.body, 'detail')],
        [400, 'The file has more than 20000 lines. Send it in parts.'],
      )
      const exported = await fetch(`${service.url}${path}/export`, { headers: { authorization: `Bearer ${key}` } })
      assert.ok((await exported.text()).split('\r\n').length > 20_001)
    })

    test('an export runs nothing in a spreadsheet and can be imported elsewhere', async () => {
      const exported = await call('GET', `${path}/export`)
      assert.equal(exported.headers.get('content-type'), 'text/csv; charset=utf-8')
      assert.ok(exported.text.includes(`"'+13035550008","'=1+1",`))
      const response = await fetch(`${service.url}${path}/import`, {
        method: 'POST',
        headers: { authorization: `Bearer ${otherKey}`, 'content-type': 'text/csv' },
        body: exported.text.split('\r\n').slice(0, 500).join('\r\n'),
      })
      const answer: unknown = await response.json()
      assert.deepEqual([at(answer, 'created'), at(answer, 'existing')], [499, 0], JSON.stringify(answer))
    })

    test('a body that is no such file is refused in one sentence', async () => {
      const rows: readonly [string | Uint8Array<ArrayBuffer>, type: string, status: number, detail: RegExp][] = [
        ['', 'text/csv', 400, /^The file has no lines\./],
        ['phone_number\n', 'text/csv', 400, /^The file has no lines\./],
        [new Uint8Array([0xff, 0x2b]), 'text/csv', 400, /^The file is not valid UTF-8\./],
        ['x'.repeat(1024 * 1024 + 1), 'text/csv', 413, /^The file is larger than 1 MB\./],
        ['{}', 'application/json', 415, /^Send the file as it is, with the header Content-Type: text\/csv\./],
      ]
      for (const [body, type, status, detail] of rows) {
        const answer = await importCsv(body, type)
        assert.equal(answer.status, status)
        assert.match(String(at(answer.body, 'detail')), detail)
      }
      assert.equal(at((await importCsv(`"${'""'.repeat(500_000)}`)).body, 'faulty'), 1)
    })

    test('how far a new opt-out reaches is a setting of the organization', async () => {
      const present = await call('GET', organizationPath)
      assert.equal(at(present.body, 'opt_out_scope'), 'organization')
      const changed = await call('PATCH', organizationPath, { opt_out_scope: 'sender' })
      assert.deepEqual([changed.status, at(changed.body, 'opt_out_scope')], [200, 'sender'])
      const renamed = await call('PATCH', organizationPath, { name: `Renamed ${engine}` })
      assert.deepEqual((await call('GET', organizationPath)).body, renamed.body)
      assert.equal(at(renamed.body, 'opt_out_scope'), 'sender')
      assert.equal((await call('PATCH', organizationPath, { name: 'Other' })).status, 409)
      const bad = await call('PATCH', organizationPath, { opt_out_scope: 'world' })
      assert.deepEqual(
        [bad.status, at(bad.body, 'detail')],
        [400, 'opt_out_scope must be one of: organization, assistant, sender.'],
      )
    })
  })
