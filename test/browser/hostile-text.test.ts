import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import type { Page } from 'playwright-core'
import { parseCsv } from '../../src/http/csv.ts'
import type { Tab } from './chromium.ts'
import { type Desk, moveTo, signInFirst, startDesk, tilly } from './desk.ts'
import { type Furnished, furnish, type Words } from './furnish.ts'

const markup = '<img src=x onerror="alert(1)" class=injected>'
/** What a spreadsheet runs, what a browser renders, and what it runs as an address; the first hundred characters are enough. */
const code = `=HYPERLINK("//foreign.example","you")'">${markup}<script class=injected>alert(1)</script>javascript:alert(1)`
/** Shows what follows backwards, and never says where that ends. The API takes it in texts, and in no name. */
const backwards = '\u202egpj.exe'
/** A medium must have an address of the web; the rest of it may be anything. */
const mediaUrl = 'https://foreign.example/a"><img/src=x/onerror=alert(1)/class=injected>.png'

const rows: readonly { readonly what: string; readonly shown: string; readonly words: Words }[] = [
  {
    what: 'code',
    shown: markup,
    words: { name: code, body: code, note: code, metadata: { [markup.slice(0, 40)]: code }, mediaUrl },
  },
  {
    what: 'emoji and text that turns its direction',
    shown: '🙈🙈🙈',
    words: {
      name: '🙈'.repeat(50),
      body: backwards + '🙈'.repeat(1_590),
      note: backwards + '🙈'.repeat(90),
      metadata: { direction: backwards },
      mediaUrl,
    },
  },
]

/** Where nobody's words stand. */
const wordless: readonly string[] = ['/account', '/nowhere']

suite('what strangers and operators write', () => {
  let desk: Desk
  let tab: Tab

  before(async () => {
    desk = await startDesk()
    tab = await desk.openTab()
    await signInFirst(tab.page, desk)
  })
  after(() => desk.close())

  for (const [index, { what, shown, words }] of rows.entries())
    suite(`${what}, in every field`, () => {
      let furnished: Furnished

      before(async () => {
        furnished = await furnish(desk, words, { person: `+120255501${index}1`, optedOut: `+120255501${index}2` })
      })

      test('is text on every page of the console', async () => {
        const { page, faults } = tab
        for (const path of furnished.pages) {
          await moveTo(page, path)
          if (!wordless.includes(path)) await page.locator('#app', { hasText: shown }).waitFor()
          await assertPlain(page)
        }
        assert.deepEqual(faults, [])
      })

      test('is text on the phone', async () => {
        const { page, faults, close } = await desk.openPhone(furnished.person, tilly)
        await page.locator('.bubble.own').last().waitFor()
        assert.ok((await page.locator('.bubbles').innerText()).includes(shown))
        await assertPlain(page)
        assert.deepEqual(faults, [])
        await close()
      })

      test('begins no formula in what is exported', async () => {
        const { conversationId } = furnished
        for (const path of [`/sms-conversations/${conversationId}/export?format=csv`, '/opt-outs/export']) {
          const { status, text } = await desk.call('GET', `/api/v1${path}`)
          assert.equal(status, 200, text)
          const cells = parseCsv(text).flatMap((row) => row.cells)
          assert.ok(cells.some((cell) => cell.includes(shown)))
          assert.deepEqual(
            cells.filter((cell) => /^[=+@\t\r-]/.test(cell)),
            [],
          )
        }
      })
    })
})

/** Nothing of it became an element, or an address that a browser loads by itself or runs. */
async function assertPlain(page: Page): Promise<void> {
  assert.equal(await page.locator('.injected, iframe, object, embed, [onerror], [onclick]').count(), 0)
  const addresses: unknown = await page.evaluate(
    `[...document.querySelectorAll('[href], [src]')].map((one) => one.localName + ' ' + (one.href || one.src))`,
  )
  assert.ok(Array.isArray(addresses))
  const ours = /^\w+ (https?:\/\/(localhost|127\.0\.0\.1):\d+\/|data:)/
  // A link to a medium is followed by nobody but the reader.
  assert.deepEqual(
    addresses.filter((one) => !ours.test(String(one)) && !String(one).startsWith('a https://foreign.example/')),
    [],
  )
}
