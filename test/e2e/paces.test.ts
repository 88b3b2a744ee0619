import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { at, engines, startTestService, type TestService } from '../support/service-client.ts'

const key = 'canary-key-of-acme-0123456789-0123456789'
const numbersPath = '/api/v1/assistants/organization/phone-numbers'
const accountsPath = '/api/v1/provider-accounts'

for (const engine of engines)
  suite(`paces over HTTP, on ${engine}`, () => {
    let service: TestService
    let account: unknown
    let number: unknown

    const call = (method: string, path: string, json?: unknown) => service.call(method, path, { key, json })
    const create = async (path: string, json: object) => {
      const answer = await call('POST', path, json)
      assert.equal(answer.status, 201, answer.text)
      return answer.body
    }
    const setPace = async (pace: unknown) => {
      const answer = await call('PATCH', `${numbersPath}/${number}`, { pace })
      assert.equal(answer.status, 200, answer.text)
      return at(answer.body, 'phone_number', 'pace')
    }

    before(async () => {
      service = await startTestService({ engine, organizations: [{ name: 'Acme', key }] })
      const made = await create(accountsPath, {
        name: 'main',
        provider: 'telnyx',
        api_key: 'KEY1',
        pace: { sms_per_second: 40, mms_per_second: null },
      })
      account = at(made, 'id')
      assert.deepEqual(at(made, 'pace'), { sms_per_second: 40 })
      const added = await create(numbersPath, { phone_number: '+12025550142', pace: { type: 'toll_free' } })
      number = at(added, 'id')
      assert.deepEqual(at(added, 'pace'), { type: 'toll_free' })
    })
    after(() => service.close())

    test('the pace of a number is set member by member; null brings a default back, or all of them', async () => {
      assert.deepEqual(await setPace({ segments_per_second: 75, daily_segments: 200_000 }), {
        segments_per_second: 75,
        daily_segments: 200_000,
        type: 'toll_free',
      })
      assert.deepEqual(await setPace({ daily_segments: null, type: null, strict: true }), {
        segments_per_second: 75,
        strict: true,
      })
      const renamed = await call('PATCH', `${numbersPath}/${number}`, { friendly_name: 'Line' })
      assert.deepEqual(at(renamed.body, 'phone_number', 'pace'), { segments_per_second: 75, strict: true })
      assert.ok((await call('GET', numbersPath)).text.includes('"segments_per_second":75'))
      assert.deepEqual(await setPace(null), {})
    })

    test('so is the pace of a provider account, which is no field of its credentials', async () => {
      const set = async (pace: unknown) => (await call('PATCH', `${accountsPath}/${account}`, { pace })).body
      const changed = await set({ mms_per_second: 0.5 })
      assert.deepEqual(at(changed, 'pace'), { sms_per_second: 40, mms_per_second: 0.5 })
      assert.deepEqual([at(changed, 'settings'), at(changed, 'secrets_set')], [{}, ['api_key']])
      assert.deepEqual(at(await set({ sms_per_second: null }), 'pace'), { mms_per_second: 0.5 })
      assert.deepEqual(at(await set(null), 'pace'), {})
    })

    test('a change stands in the audit log, and what changes nothing does not', async () => {
      await setPace({ strict: true })
      await setPace({ strict: true })
      await call('PATCH', `${accountsPath}/${account}`, { pace: { sms_per_second: 9 } })
      const { body } = await call('GET', '/api/v1/audit-log?limit=2')
      assert.deepEqual(
        [0, 1].map((index) => ['action', 'subject', 'data'].map((name) => at(body, 'entries', index, name))),
        [
          ['pace.changed', `provider account ${account}`, { before: {}, after: { sms_per_second: 9 } }],
          ['pace.changed', `phone number ${number}`, { before: {}, after: { strict: true } }],
        ],
      )
    })

    const faults: readonly [path: () => string, pace: unknown, detail: string][] = [
      [() => `${numbersPath}/${number}`, 5, 'pace must be a JSON object.'],
      [() => `${numbersPath}/${number}`, { segments_per_second: 0 }, 'pace.segments_per_second must be more than 0.'],
      [
        () => `${numbersPath}/${number}`,
        { segments_per_second: 10_001 },
        'pace.segments_per_second must be at most 10000.',
      ],
      [() => `${numbersPath}/${number}`, { daily_segments: 0.5 }, 'pace.daily_segments must be a whole number.'],
      [() => `${numbersPath}/${number}`, { strict: 'yes' }, 'pace.strict must be true or false.'],
      [
        () => `${numbersPath}/${number}`,
        { type: 'mobile' },
        'pace.type must be one of: long_code, toll_free, short_code.',
      ],
      [
        () => `${numbersPath}/${number}`,
        { mps: 1 },
        'pace.mps is not known here; there is: segments_per_second, daily_segments, strict, type.',
      ],
      [() => `${accountsPath}/${account}`, { sms_per_second: -1 }, 'pace.sms_per_second must be more than 0.'],
    ]
    for (const [path, pace, detail] of faults)
      test(`a pace of ${JSON.stringify(pace)} is refused with a sentence`, async () => {
        const { status, body } = await call('PATCH', path(), { pace })
        assert.deepEqual([status, at(body, 'detail')], [400, detail])
      })
  })
