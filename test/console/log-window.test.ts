import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { MessageLog, MessageLogs } from '../../console/src/api-types.ts'
import { makeLogWindow, pageRows, pagesKept } from '../../console/src/log-window.ts'

/** A log of `count` messages, newest first; its cursors are the ids to read on from. */
function logOf(count: number) {
  let reads = 0
  const read = async (cursor: string | undefined): Promise<MessageLogs> => {
    reads++
    const from = cursor === undefined ? 0 : Number(cursor)
    const items = Array.from({ length: Math.min(pageRows, count - from) }, (_none, at) => rowOf(from + at))
    const next = from + items.length
    return {
      ...{ items, total: count, skip: 0, limit: pageRows, has_more: next < count },
      next_cursor: next < count ? String(next) : null,
    }
  }
  return { window: makeLogWindow(read), reads: () => reads }
}

function rowOf(index: number): MessageLog {
  return {
    ...{ id: index, message_id: `msg_${index}`, assistant_id: 1, direction: 'outbound', status: 'sent' },
    ...{ from_number: '+12025550142', to_number: '+12025550199', body: 'Hi', media_urls: [], provider: 'a' },
    ...{ provider_message_id: null, segments: 1, encoding: 'gsm-7', failure: null, attempt_count: 1 },
    ...{ created_at: '2027-01-31T12:00:00.000Z', updated_at: '2027-01-31T12:00:00.000Z' },
  }
}

/** Until nothing is being read: each page asks for the next in the same turn of the loop. */
async function settled(window: ReturnType<typeof makeLogWindow>): Promise<void> {
  while (window.isLoading()) await Promise.resolve()
}

async function scrollTo(window: ReturnType<typeof makeLogWindow>, index: number): Promise<void> {
  window.look(Math.max(0, index - 20), index + 20)
  await settled(window)
}

suite('the window of the message log', () => {
  test('reads page after page to the end of 100,000 messages, with a bounded part of them in memory', async () => {
    const count = 100_000
    const { window, reads } = logOf(count)
    await window.refresh()
    let most = 0
    for (let index = 0; index < count; index += pageRows / 2) {
      await scrollTo(window, index)
      most = Math.max(most, window.rowsInMemory())
    }
    assert.equal(window.rowCount(), count)
    assert.equal(window.hasMore(), false)
    assert.equal(window.row(count - 1)?.message_id, `msg_${count - 1}`)
    assert.ok(most <= (pagesKept + 1) * pageRows, `${most} rows in memory`)
    assert.equal(reads(), count / pageRows)
  })

  test('reads again what it forgot when somebody scrolls back to it', async () => {
    const { window } = logOf(3_000)
    await window.refresh()
    for (let index = 0; index < 3_000; index += pageRows / 2) await scrollTo(window, index)
    assert.equal(window.row(0), undefined)
    await scrollTo(window, 0)
    assert.equal(window.row(0)?.message_id, 'msg_0')
    assert.equal(window.rowCount(), 3_000)
  })

  test('stays as it is through thousands of live updates of messages it shows and of those it does not', async () => {
    const { window } = logOf(1_000)
    await window.refresh()
    for (let update = 0; update < 10_000; update++) window.patch(`msg_${update % 2_000}`, 'delivered')
    assert.equal(window.row(7)?.status, 'delivered')
    assert.equal(window.rowsInMemory(), pageRows)
  })

  test('begins again with the newest, and forgets the rest, when it is refreshed', async () => {
    const { window } = logOf(1_000)
    await window.refresh()
    for (const index of [60, 160, 260]) await scrollTo(window, index)
    await window.refresh()
    assert.equal(window.rowCount(), pageRows)
    assert.equal(window.row(0)?.message_id, 'msg_0')
  })

  test('keeps what it has, and says what went wrong, when the next page cannot be read', async () => {
    let reads = 0
    const fault = new Error('no answer')
    const rows = Array.from({ length: pageRows }, (_none, index) => rowOf(index))
    const window = makeLogWindow(async () => {
      if (reads++ > 0) throw fault
      return { items: rows, total: 1_000, skip: 0, limit: pageRows, has_more: true, next_cursor: '100' }
    })
    await window.refresh()
    await scrollTo(window, 90)
    assert.equal(window.error(), fault)
    assert.equal(window.row(0)?.message_id, 'msg_0')
  })

  test('an answer to what was asked before a refresh changes nothing any more', async () => {
    const answers: ((logs: MessageLogs) => void)[] = []
    const window = makeLogWindow(() => new Promise((resolve) => answers.push(resolve)))
    const old = window.refresh()
    const fresh = window.refresh()
    const logs = (id: number): MessageLogs => ({
      ...{ items: [rowOf(id)], total: 1, skip: 0, limit: pageRows, has_more: false, next_cursor: null },
    })
    answers[1]?.(logs(2))
    answers[0]?.(logs(1))
    await Promise.all([old, fresh])
    assert.equal(window.row(0)?.message_id, 'msg_2')
  })
})
