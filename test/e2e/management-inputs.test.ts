import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { at, engines, startTestService, type TestService } from '../support/service-client.ts'

const key = 'canary-key-of-acme-0123456789-0123456789'
const keysPath = '/api/v1/users/me/api-keys'
const assistantsPath = '/api/v1/assistants'
const numbersPath = '/api/v1/assistants/organization/phone-numbers'
const accountsPath = '/api/v1/provider-accounts'
const optOutsPath = '/api/v1/opt-outs'
const twilioFields = { provider: 'twilio', account_sid: 'AC1', auth_token: 'token' }

const deep = JSON.parse(`${'{"a":'.repeat(30)}1${'}'.repeat(30)}`)
const rows: readonly [method: string, path: string, json: unknown, status: number, detail: string | RegExp][] = [
  ['POST', assistantsPath, undefined, 400, 'The request body must be a JSON object.'],
  ['POST', assistantsPath, [], 400, 'The request body must be a JSON object.'],
  ['POST', assistantsPath, {}, 400, 'name is required.'],
  ['POST', assistantsPath, { name: 7 }, 400, 'name must be a string.'],
  ['POST', assistantsPath, { name: '' }, 400, 'name must not be empty.'],
  ['POST', assistantsPath, { name: '  ' }, 400, 'name must not be blank.'],
  ['POST', assistantsPath, { name: 'a'.repeat(201) }, 400, 'name must have at most 200 characters.'],
  ['POST', assistantsPath, { name: 'a\0' }, 400, /NUL character/],
  ['POST', assistantsPath, { name: 'a\ud800' }, 400, /surrogate/],
  ['POST', assistantsPath, { name: 'a', custom_settings: deep }, 400, /nested more than 20 levels/],
  ['POST', assistantsPath, { name: 'a', is_active: 'yes' }, 400, 'is_active must be true or false.'],
  ['POST', assistantsPath, { name: 'a', sms_webhook_url: 'ftp://x' }, 400, 'sms_webhook_url must be an http(s) URL.'],
  ['POST', assistantsPath, { name: 'a', provider_account_id: 99_999 }, 404, 'No provider account has this id.'],
  ['POST', assistantsPath, { name: 'a', inbound: { coalesce_ms: 60_001 } }, 400, /coalesce_ms must be at most 60000/],
  ['POST', assistantsPath, { name: 'a', inbound: { help_reply: ' ' } }, 400, /help_reply must not be blank/],
  ['POST', assistantsPath, { name: 'a', inbound: { opt_out_reply: 'a'.repeat(321) } }, 400, /at most 320 characters/],
  ['POST', assistantsPath, { name: 'a', inbound: { freed_keywords: [''] } }, 400, /\[0\] must not be empty/],
  ['POST', assistantsPath, { name: 'a', inbound: { colour: 'red' } }, 400, /inbound/],
  ['POST', assistantsPath, { name: 'a'.repeat(70_000) }, 413, /larger than 65536 bytes/],
  ['GET', `${assistantsPath}?limit=1001`, undefined, 400, 'limit must be at most 1000.'],
  ['GET', `${assistantsPath}?skip=-1`, undefined, 400, 'skip must be at least 0.'],
  ['GET', `${assistantsPath}?limit=many`, undefined, 400, 'limit must be a whole number.'],
  ['GET', `${assistantsPath}/none`, undefined, 400, 'assistant_id must be a whole number.'],
  ['GET', `${assistantsPath}/0`, undefined, 400, 'assistant_id must be at least 1.'],
  ['PATCH', `${assistantsPath}/99999`, { name: 'a' }, 404, 'No assistant has this id.'],
  ['PATCH', `${assistantsPath}/1/status`, undefined, 400, 'is_active is required.'],
  ['GET', `${assistantsPath}/by-phone/12`, undefined, 400, /^Invalid phone_number format. Use E.164/],
  ['GET', `${assistantsPath}/by-phone/+1999`, undefined, 404, 'No assistant found for phone number +1999'],
  ['POST', numbersPath, { phone_number: '12' }, 400, /^Invalid phone_number format. Use E.164/],
  ['POST', numbersPath, { phone_number: '+1999', assistant_id: 99_999 }, 404, 'No assistant has this id.'],
  ['PATCH', `${numbersPath}/99999`, {}, 404, 'No phone number has this id.'],
  ['POST', `${assistantsPath}/99999/phone-numbers/bulk-assign`, [1], 404, 'No assistant has this id.'],
  ['POST', `${assistantsPath}/1/phone-numbers/bulk-assign`, {}, 400, 'The request body must be a JSON array.'],
  ['POST', `${assistantsPath}/1/phone-numbers/bulk-assign`, ['1'], 400, '[0] must be a whole number.'],
  ['POST', accountsPath, { name: 'a', provider: 'pigeon' }, 400, 'provider must be one of: twilio, telnyx.'],
  ['POST', accountsPath, { name: 'a', provider: 'telnyx' }, 400, /^api_key is missing/],
  ['POST', accountsPath, { name: 'a', ...twilioFields, color: 'red' }, 400, /^color is not a field of a twilio/],
  ['POST', accountsPath, { name: 'a', ...twilioFields, auth_token: 7 }, 400, 'auth_token must be a string.'],
  [
    'POST',
    accountsPath,
    { name: 'a', ...twilioFields, base_url: 'https://example.com' },
    400,
    /^base_url can be set only in the operator's file/,
  ],
  ['POST', keysPath, { name: 'a', scopes: [] }, 400, 'scopes must have at least 1 entry.'],
  ['POST', keysPath, { name: 'a', scopes: ['admin'] }, 400, 'scopes[0] must be one of: send, read, operate, manage.'],
  ['POST', keysPath, { name: 'a', permissions: { send: false } }, 400, /^permissions must set at least one/],
  ['POST', keysPath, { name: 'a', expires_at: 'soon' }, 400, /^expires_at must be a time/],
  ['POST', keysPath, { name: 'a', expires_at: '2020-01-01T00:00:00Z' }, 400, 'expires_at must be in the future.'],
  ['PUT', `${keysPath}/99999`, { name: 'a' }, 404, 'No API key has this id.'],
  ['POST', optOutsPath, {}, 400, 'phone_number is required.'],
  [
    'POST',
    optOutsPath,
    { phone_number: '+1', evidence: '' },
    400,
    'Invalid phone_number format. Use E.164 format (e.g., +1234567890)',
  ],
  [
    'POST',
    optOutsPath,
    { phone_number: '+1999', evidence: 'a'.repeat(501) },
    400,
    'evidence must have at most 500 characters.',
  ],
  ['GET', `${optOutsPath}/+1999%00`, undefined, 400, /NUL character/],
  ['GET', '/sms/abc%00/status', undefined, 400, /NUL character/],
]
for (const engine of engines)
  suite(`what is wrong in a request is said in one sentence, over ${engine}`, () => {
    let service: TestService
    before(async () => {
      service = await startTestService({ engine, organizations: [{ name: 'Acme', key }] })
    })
    after(() => service.close())

    for (const [method, path, json, status, detail] of rows)
      test(`${method} ${path} ${JSON.stringify(json)?.slice(0, 60) ?? ''}`, async () => {
        const answer = await service.call(method, path, { key, json })
        const said = String(at(answer.body, 'detail'))
        assert.equal(answer.status, status, answer.text)
        if (typeof detail === 'string') assert.equal(said, detail)
        else assert.match(said, detail)
      })
  })
