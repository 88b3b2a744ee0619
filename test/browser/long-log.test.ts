import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { after, before, suite, test } from 'node:test'
import { at } from '../support/service-client.ts'
import type { Tab } from './chromium.ts'
import { type Desk, goTo, signInFirst, startDesk, takePicture } from './desk.ts'

const messageCount = 100_000
const liveCount = 2_000
/** Reached only when something grows with the log; what was measured is far below. */
const [elementsMax, heapGrowthBytesMax] = [1_500, 12_000_000]
/** As the goal has it, and ten times that for a machine that is busy with other tests. */
const pageMsMax = 10 * 300

suite(`${messageCount} messages in the log`, () => {
  let desk: Desk
  let tab: Tab

  before(async () => {
    desk = await startDesk()
    tab = await desk.openTab()
    await signInFirst(tab.page, desk)
    const sent = await desk.send('+12025550121', 'Number')
    multiply(desk, String(at(sent.body, 'id')))
  })
  after(() => desk.close())

  test('the first page of it comes at once', async (context) => {
    const path = '/api/v1/sms-logs?limit=100'
    await desk.call('GET', path)
    const apiMs = await durationOf(async () => {
      const { body } = await desk.call('GET', path)
      assert.equal(at(body, 'items', 'length'), 100)
    })
    const rowsMs = await durationOf(async () => {
      await goTo(tab.page, desk, '/messages')
      await tab.page.locator('.log a').nth(10).waitFor()
    })
    context.diagnostic(`first page of the API ${apiMs} ms, from the address to the rows ${rowsMs} ms`)
    assert.ok(apiMs < pageMsMax, `${apiMs} ms`)
  })

  test('scrolling far keeps what is drawn small, and the way back is there', async (context) => {
    const { page } = tab
    await goTo(page, desk, '/messages')
    await page.locator('.log a').nth(10).waitFor()
    let drawnMax = 0
    // In steps that never reach beyond what is known of the log: more of it comes when its end is seen.
    for (let index = 50; index <= 1_150; index += 50) {
      await page.evaluate(`document.querySelector('.log').scrollTop = ${index} * 44`)
      await page.locator(`.log a[data-index="${index}"]`).waitFor()
      drawnMax = Math.max(drawnMax, await page.locator('*').count())
    }
    await takePicture(page, 'long-log')
    await page.evaluate(`document.querySelector('.log').scrollTop = 0`)
    await page.locator('.log a[data-index="0"]').waitFor()
    context.diagnostic(`at most ${drawnMax} elements`)
    assert.ok(drawnMax < elementsMax, `${drawnMax} elements`)
  })

  test(`${liveCount} texts that arrive live leave the memory of the page as it was`, async (context) => {
    const { page, faults } = tab
    await goTo(page, desk, '/messages')
    await page.locator('.pulse.live').waitFor()
    await page.locator('.log a').nth(10).waitFor()
    const measure = await page.context().newCDPSession(page)
    const heapBytes = async (): Promise<number> => {
      await measure.send('HeapProfiler.collectGarbage')
      return (await measure.send('Runtime.getHeapUsage')).usedSize
    }
    await sendMany(desk, 100)
    await page.locator('.log').getByText('Live text 99 of 100', { exact: true }).waitFor()
    const before = await heapBytes()
    await sendMany(desk, liveCount)
    await page
      .locator('.log')
      .getByText(`Live text ${liveCount - 1} of ${liveCount}`, { exact: true })
      .waitFor()
    const growth = (await heapBytes()) - before
    const elements = await page.locator('*').count()
    context.diagnostic(`the heap was ${before} bytes, and grew by ${growth}; ${elements} elements`)
    assert.ok(growth < heapGrowthBytesMax, `${growth} bytes`)
    assert.ok(elements < elementsMax, `${elements} elements`)
    assert.deepEqual(faults, [])
  })
})

/** By hand, for so many sends would take minutes: copies of one message, newer each. */
function multiply({ databaseUrl }: Desk, id: string): void {
  const database = new DatabaseSync(databaseUrl.replace('sqlite:', ''))
  database.exec('PRAGMA busy_timeout = 30000')
  const columns = database.prepare('PRAGMA table_info(messages)').all()
  const names = columns.map(({ name }) => String(name)).filter((name) => name !== 'key')
  const values = names.map((name) => {
    if (name === 'id') return "substr(id, 1, length(id) - 8) || printf('%08d', n)"
    if (name === 'body') return "'Copy ' || n"
    // Of an unresolved message there may be one only.
    return name === 'guard' ? 'NULL' : name
  })
  database.exec(`WITH RECURSIVE counted (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < ${messageCount})
    INSERT INTO messages (${names.join(', ')}) SELECT ${values.join(', ')} FROM messages, counted WHERE id = '${id}'`)
  database.close()
}

/** Each to another person, by the thousand as programs do; not longer than they take to be accepted. */
async function sendMany(desk: Desk, count: number): Promise<void> {
  for (let index = 0; index < count; index += 20)
    await Promise.all(
      Array.from({ length: 20 }, (_none, offset) => {
        const number = index + offset
        return desk.send(`+1303555${String(number).padStart(4, '0')}`, `Live text ${number} of ${count}`)
      }),
    )
}

async function durationOf(act: () => Promise<void>): Promise<number> {
  const startedAt = performance.now()
  await act()
  return Math.round(performance.now() - startedAt)
}
