import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import type { Page } from 'playwright-core'
import { answering, startRecordingServer } from '../support/recording-server.ts'
import { at, callService } from '../support/service-client.ts'
import type { Tab } from './chromium.ts'
import { type Desk, goTo, nell, openSignedIn, owner, signInFirst, startDesk, takePicture, tilly } from './desk.ts'

suite('a person at the console, and one at the phone', () => {
  let desk: Desk
  let tab: Tab
  let page: Page

  before(async () => {
    desk = await startDesk()
    tab = await desk.openTab()
    page = tab.page
    await signInFirst(page, desk)
    await takePicture(page, 'empty-overview')
  })
  after(() => desk.close())

  async function withPhone(person: string, number: string, use: (phone: Page) => Promise<void>): Promise<void> {
    const phone = await desk.openPhone(person, number)
    await use(phone.page)
    assert.deepEqual(phone.faults, [])
    await phone.close()
  }

  function assertNoFaults(): void {
    assert.deepEqual(tab.faults, [])
  }

  test('the first owner came in by the printed link, which opens nothing a second time', async () => {
    const other = await desk.openTab()
    await other.page.goto(desk.firstLink)
    await other.page.getByRole('heading', { name: 'This link does not work' }).waitFor()
    await takePicture(other.page, 'link-used-up')
    await other.page.getByRole('button', { name: 'Sign in with a password' }).click()
    await other.page.getByRole('button', { name: 'Sign in' }).waitFor()
    assert.deepEqual(other.faults, [])
    await other.close()
    assert.match(await page.locator('.side-end').innerText(), new RegExp(`${owner.name}, owner`))
    assertNoFaults()
  })

  test('a text of a program arrives on the phone, and the console shows the answers as they come', async () => {
    const person = '+12025550101'
    await goTo(page, desk, '/messages')
    await page.locator('.pulse.live').waitFor()
    await withPhone(person, tilly, async (phone) => {
      const sent = await desk.send(person, 'Your table for two is booked for 19:30.')
      assert.equal(at(sent.body, 'success'), true)
      await phone.locator('.bubble').getByText('booked for 19:30').waitFor()
      await page.locator('.log').getByText('booked for 19:30').waitFor()
      await takePicture(page, 'messages')

      await say(phone, 'Thank you! Is there parking?')
      const answer = page.locator('.log a', { hasText: 'Is there parking?' })
      await answer.click()
      await page.getByText('Received', { exact: true }).first().waitFor()
      await takePicture(page, 'inbound-message')
      await page.getByRole('link', { name: 'Conversation', exact: true }).click()
      await page.locator('.chat').getByText('Is there parking?').waitFor()

      await say(phone, 'We come by car.')
      await page.locator('.chat').getByText('We come by car.').waitFor()
      await page.getByLabel('Answer').fill('Yes, behind the house.')
      await page.getByRole('button', { name: 'Send', exact: true }).click()
      await phone.locator('.bubble').getByText('behind the house').waitFor()
      await page.locator('.chat .bubble', { hasText: 'behind the house' }).getByText('Delivered').waitFor()
      await takePicture(page, 'conversation')
      await takePicture(phone, 'phone')
    })
    assertNoFaults()
  })

  test('the overview counts a text that is sent while it is open', async () => {
    await goTo(page, desk, '')
    await page.locator('.pulse.live').waitFor()
    const tile = page.locator('.tile', { hasText: 'Texts sent' }).locator('.value')
    const count = Number(await tile.innerText())
    await desk.send('+12025550107', 'Count me in.')
    await tile.getByText(String(count + 1), { exact: true }).waitFor()
    assertNoFaults()
  })

  test('who texts STOP on the phone is texted no more, and the console has the evidence', async () => {
    const person = '+12025550102'
    await withPhone(person, tilly, async (phone) => {
      await desk.send(person, 'Dinner is half price on Monday.')
      await phone.locator('.bubble').getByText('half price').waitFor()
      await phone.getByRole('button', { name: 'STOP' }).click()
      await goTo(page, desk, '/opt-outs')
      await page.locator('main').getByText('+1 202 555 0102').first().waitFor()
      await takePicture(page, 'opt-outs')
      await takePicture(phone, 'phone-stop')
    })
    const refused = await desk.send(person, 'And on Tuesday.')
    assert.deepEqual([refused.status, at(refused.body, 'code')], [400, 'recipient_opted_out'])
    assertNoFaults()
  })

  test('a refused send says why, and what to do', async () => {
    const refused = await desk.send('+15005550009', 'Hello, landline.')
    assert.equal(refused.status, 500)
    await goTo(page, desk, '/messages?status=failed')
    await page.locator('.log a', { hasText: 'Hello, landline.' }).click()
    const note = page.locator('.note.bad')
    await note.getByText(/landline/i).waitFor()
    assert.match(await note.innerText(), /21614|landline/i)
    await page.getByText('The request that caused it').waitFor()
    await takePicture(page, 'refused')
    assertNoFaults()
  })

  test('an unknown is resolved by the word of a person', async () => {
    // So that no search finds it meanwhile.
    await desk.carrier('PUT', '/settings', { list_lag_ms: 60_000 })
    const lost = await desk.send('+15005550512', 'Did this arrive?')
    assert.equal(lost.status, 500)
    await goTo(page, desk, '/unknowns')
    const item = page.locator('.item', { hasText: 'Did this arrive?' })
    await item.waitFor()
    await takePicture(page, 'unknowns')
    await item.getByRole('button', { name: 'It was sent' }).click()
    await page.getByLabel('Note').fill('The guest called.')
    await takePicture(page, 'resolve')
    await page.getByRole('button', { name: 'Mark as sent' }).click()
    await item.waitFor({ state: 'detached' })
    await goTo(page, desk, '/messages?search=Did%20this%20arrive')
    await page.locator('.log a', { hasText: 'Did this arrive?' }).getByText('Sent').waitFor()
    await desk.carrier('PUT', '/settings', { list_lag_ms: 0 })
    assertNoFaults()
  })

  test('a text that is held for approval leaves when a person approves it', async () => {
    const [id, person] = [await assistantId(desk, 'Nell (Telnyx)'), '+12025550103']
    const policy = await desk.call('PUT', `/api/v1/assistants/${id}/policy`, { approval: true })
    assert.equal(policy.status, 200, policy.text)
    await withPhone(person, nell, async (phone) => {
      const held = await desk.send(person, 'May I offer you a refund?', { from_phone_number: nell })
      assert.equal(at(held.body, 'status'), 'held', held.text)
      await goTo(page, desk, '/held')
      const item = page.locator('.item', { hasText: 'a refund?' })
      await item.waitFor()
      await takePicture(page, 'held')
      await item.getByRole('button', { name: 'Approve' }).click()
      await page.getByRole('button', { name: 'Approve and send' }).click()
      await item.waitFor({ state: 'detached' })
      await phone.locator('.bubble').getByText('a refund?').waitFor()
    })
    await desk.call('PUT', `/api/v1/assistants/${id}/policy`, {})
    assertNoFaults()
  })

  test('a delivery that an endpoint did not take is replayed, under the same id', async (context) => {
    const endpoint = await startRecordingServer()
    context.after(() => endpoint.close())
    // With a time to wait, so that nothing but the replay can make it again.
    endpoint.reply(answering(503, {}, { 'retry-after': '3600' }))
    await goTo(page, desk, '/endpoints')
    await page.getByRole('button', { name: 'Add' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Address').fill(`${endpoint.url}/events`)
    await dialog.getByLabel('Description').fill('Till')
    await dialog.getByLabel('opt_out.created', { exact: true }).check()
    await dialog.getByRole('button', { name: 'Add' }).click()
    await page.getByRole('heading', { name: 'Till' }).waitFor()
    await desk.call('POST', '/api/v1/opt-outs', { phone_number: '+12025550104' })
    const row = page.getByRole('table', { name: 'Deliveries' }).locator('tbody tr')
    await row.getByText('503').waitFor()
    await takePicture(page, 'delivery-not-taken')
    endpoint.reply(answering(200, {}))
    await row.getByRole('button', { name: /^Replay/ }).click()
    await row.getByText('Delivered', { exact: true }).waitFor()
    await takePicture(page, 'delivery-replayed')
    const ids = endpoint.requests.map(({ headers }) => headers['webhook-id'])
    assert.equal(ids.length, 2)
    assert.equal(ids[0], ids[1])
    assertNoFaults()
  })

  test('a key that is revoked is refused at once', async () => {
    await goTo(page, desk, '/keys')
    await page.getByRole('button', { name: 'Create' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Name').fill('Cash desk')
    await dialog.getByRole('button', { name: 'Create' }).click()
    const key = await dialog.locator('.secret').innerText()
    await takePicture(page, 'key-shown-once')
    await dialog.getByRole('button', { name: 'Close' }).click()
    const use = async () => (await callService(desk.url, 'GET', '/api/v1/sms-logs', { key })).status
    assert.equal(await use(), 200)
    await page.getByRole('button', { name: 'Revoke Cash desk' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click()
    await page.locator('tr', { hasText: 'Cash desk' }).waitFor({ state: 'detached' })
    assert.equal(await use(), 401)
    await takePicture(page, 'keys')
    assertNoFaults()
  })

  test('everything is paused and resumed from the overview, and the audit log says by whom', async () => {
    const person = '+12025550105'
    await goTo(page, desk, '')
    await page.getByRole('button', { name: 'Pause everything' }).click()
    await page.getByLabel('Reason').fill('The kitchen is on fire.')
    await page.getByRole('dialog').getByRole('button', { name: 'Pause' }).click()
    await page.getByText('The organization is paused').waitFor()
    const held = await desk.send(person, 'We open at six.', { queue: true })
    assert.equal(at(held.body, 'status'), 'held', held.text)
    await takePicture(page, 'paused')
    await withPhone(person, tilly, async (phone) => {
      await page.getByRole('button', { name: 'Resume everything' }).click()
      await page.getByRole('button', { name: 'Pause everything' }).waitFor()
      await phone.locator('.bubble').getByText('We open at six.').waitFor()
    })
    await goTo(page, desk, '/audit')
    const row = page.locator('tr', { hasText: 'The kitchen is on fire.' })
    assert.match(await row.innerText(), /olga@example\.com/)
    await takePicture(page, 'audit-log')
    assertNoFaults()
  })

  test('after signing out, neither the way back nor the API shows anything', async () => {
    await desk.send('+12025550106', 'Nobody else reads this.')
    const leaving = await openSignedIn(desk)
    await leaving.page.goto(`${desk.url}/console/messages`)
    await leaving.page.locator('.log').getByText('Nobody else reads this.').waitFor()
    await leaving.page.getByRole('link', { name: 'Your account' }).click()
    await leaving.page.getByRole('button', { name: 'Sign out', exact: true }).click()
    await leaving.page.getByRole('heading', { name: 'Sign in' }).waitFor()
    await takePicture(leaving.page, 'signed-out')
    await leaving.page.goBack()
    await leaving.page.getByRole('heading', { name: 'Sign in' }).waitFor()
    assert.doesNotMatch(await leaving.page.locator('body').innerText(), /Nobody else reads this/)
    assert.equal(await leaving.page.evaluate(`fetch('/api/v1/sms-logs').then(({ status }) => status)`), 401)
    assert.deepEqual(leaving.faults, [])
    await leaving.close()
  })
})

async function say(phone: Page, text: string): Promise<void> {
  await phone.getByLabel('Text', { exact: true }).fill(text)
  await phone.getByRole('button', { name: 'Send', exact: true }).click()
  await phone.locator('.bubble.own').getByText(text).waitFor()
}

async function assistantId(desk: Desk, name: string): Promise<number> {
  const { body } = await desk.call('GET', '/api/v1/assistants')
  const found = Array.isArray(body) ? body.find((one: unknown) => at(one, 'name') === name) : undefined
  const id = at(found, 'id')
  assert.ok(typeof id === 'number', `no assistant is called ${name}`)
  return id
}
