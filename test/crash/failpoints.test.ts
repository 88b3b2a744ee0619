import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts'
import { systemClock } from '../../src/telemetry/clock.ts'
import { type FailpointName, failpointNames } from '../../src/use-cases/failpoints.ts'
import { environmentOf, installOrganization, senders } from '../support/installation.ts'
import type { TestDatabase } from '../support/postgres.ts'
import { at, createDatabase, engines } from '../support/service-client.ts'
import { pastLeaseMs, type ServiceProcess, startServiceProcess } from '../support/service-process.ts'
import { silentLog } from '../support/silent-log.ts'
import { telnyxAccount, twilioAccount } from '../support/simulated-accounts.ts'

const apiKey = 'the-key-of-the-crash-tests-0123456789'

/** What a kill at each point leaves: texts at the carrier, and the message as it is stored. */
const remainsOf = {
  before_accept_commit: { carried: 0, stored: 'nothing' },
  after_accept_commit: { carried: 0, stored: 'sending' },
  after_dispatch_commit: { carried: 0, stored: 'sending' },
  after_response: { carried: 1, stored: 'sending' },
  before_outcome_commit: { carried: 1, stored: 'sending' },
  after_outcome_commit: { carried: 1, stored: 'sent' },
} as const satisfies Record<FailpointName, { carried: 0 | 1; stored: 'nothing' | 'sending' | 'sent' }>

let simulator: Simulator
before(async () => {
  simulator = await startSimulator({
    host: '127.0.0.1',
    port: 0,
    accounts: [twilioAccount, telnyxAccount],
    clock: systemClock,
    log: silentLog,
  })
})
after(() => simulator.close())

type Send = { readonly provider: keyof typeof senders; readonly text: string; readonly idempotencyKey?: string }

for (const engine of engines)
  suite(`kill -9 with ${engine}`, () => {
    let database: TestDatabase
    let env: Record<string, string>
    before(async () => {
      database = await createDatabase(engine)
      env = environmentOf(database)
      await installOrganization(env, { name: 'Acme', apiKeys: [apiKey], baseUrls: simulator.baseUrls })
    })
    after(() => database.drop())

    for (const point of failpointNames)
      test(`at ${point}: no text is lost and none goes out twice, through both providers`, async (t) => {
        const sends: Send[] = (['twilio', 'telnyx'] as const).flatMap((provider) => [
          { provider, text: `${engine} ${point} ${provider}` },
          { provider, text: `${engine} ${point} ${provider}, keyed`, idempotencyKey: `${point} ${provider}` },
        ])
        const { carried, stored } = remainsOf[point]
        const killed = await startServiceProcess({ env, failpoint: point })
        t.after(() => killed.kill())
        const answers = sends.map((send) => post(killed, send).catch((error: unknown) => error))
        await killed.reached(sends.length)
        await killed.kill()
        for (const error of await Promise.all(answers)) assert.ok(error instanceof TypeError, 'the connection broke')
        for (const send of sends) assert.equal(copiesOf(send), carried, send.text)

        const restarted = await startServiceProcess({ env, aheadMs: pastLeaseMs })
        t.after(() => restarted.kill())
        await Promise.all(
          sends.map(async (send) => {
            const isNewMessage = stored === 'nothing' || (stored === 'sent' && send.idempotencyKey === undefined)
            const repeated = await post(restarted, send)
            if (isNewMessage) assertSent(repeated)
            else if (stored === 'sent') assertReplayed(repeated)
            else await assertJoined(restarted, { send, carried, repeated })
            assert.equal(copiesOf(send), carried + (isNewMessage ? 1 : 0), send.text)
          }),
        )
      })
  })

type Answer = { readonly status: number; readonly replayed: boolean; readonly body: unknown }

async function post({ url }: ServiceProcess, { provider, text, idempotencyKey }: Send): Promise<Answer> {
  const response = await fetch(`${url}/sms/send`, {
    method: 'POST',
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      from_phone_number: senders[provider],
      to_phone_number: '+12025550199',
      message: text,
      idempotency_key: idempotencyKey,
    }),
  })
  const replayed = response.headers.get('idempotent-replayed') === 'true'
  return { status: response.status, replayed, body: await response.json() }
}

function copiesOf({ text }: Send): number {
  return simulator.ledger().filter((message) => message.body === text).length
}

function assertSent({ status, replayed, body }: Answer): void {
  assert.deepEqual([status, replayed, at(body, 'deduplicated')], [200, false, undefined], JSON.stringify(body))
}

function assertReplayed({ status, replayed, body }: Answer): void {
  assert.deepEqual([status, replayed, at(body, 'status')], [200, true, 'sent'], JSON.stringify(body))
}

/**
 * An attempt without an outcome shows as `sending`, and a repeated request is told of it instead of going out; or, when
 * the text had reached the carrier, reconciliation has found it by then and the repetition is told that it was sent.
 */
async function assertJoined(
  service: ServiceProcess,
  facts: { readonly send: Send; readonly carried: 0 | 1; readonly repeated: Answer },
): Promise<void> {
  const { send, carried, repeated } = facts
  const { status, replayed, body } = repeated
  const isFound = carried === 1 && status === 200
  if (!isFound) assert.deepEqual([status, at(body, 'code'), at(body, 'status')], [500, 'outcome_unknown', 'sending'])
  const joined = at(body, 'deduplicated') === true
  assert.deepEqual([replayed, joined], send.idempotencyKey === undefined ? [false, true] : [true, false])
  const response = await fetch(`${service.url}/sms/${at(body, 'id')}/status`, {
    headers: { authorization: `Bearer ${apiKey}` },
  })
  const found: unknown = await response.json()
  assert.equal(at(found, 'attempts', 'length'), 1)
  // Without an outcome, or unknown once a job has looked at it.
  const outcome = at(found, 'attempts', 0, 'outcome')
  assert.ok(outcome === null || outcome === 'unknown')
  if (carried === 0) assert.equal(at(found, 'delivery_status'), 'sending')
}
