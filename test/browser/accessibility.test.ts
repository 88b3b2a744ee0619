import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Page } from 'playwright-core'
import { desktop, type Look, pocket } from './chromium.ts'
import { type Desk, goTo, moveTo, nameOf, openSignedIn, signInFirst, startDesk, takePicture, tilly } from './desk.ts'
import { type Furnished, furnish } from './furnish.ts'

const axe = readFileSync(fileURLToPath(import.meta.resolve('axe-core/axe.min.js')), 'utf8')
const looks: readonly Look[] = [desktop, { ...desktop, theme: 'dark' }, pocket]
const words = {
  name: 'Front desk',
  body: 'Your table for two is booked for 19:30.',
  note: 'The guest asked for it.',
  metadata: { table: '12' },
  mediaUrl: 'https://media.example.com/menu.png',
}

suite('everybody can use the console and the phone', { concurrency: true }, () => {
  let desk: Desk
  let furnished: Furnished

  before(async () => {
    desk = await startDesk()
    const first = await desk.openTab()
    await signInFirst(first.page, desk)
    await first.close()
    furnished = await furnish(desk, words)
  })
  after(() => desk.close())

  for (const look of looks)
    test(`every page is readable, and fits: ${look.theme}, ${look.width} px wide`, async () => {
      const faults: string[] = []
      const signedOut = await desk.openTab({ look, scripts: [axe] })
      await goTo(signedOut.page, desk, '')
      await collect(signedOut.page, 'signed out')
      await signedOut.close()
      const { page, close, faults: tabFaults } = await openSignedIn(desk, { look, scripts: [axe] })
      for (const path of furnished.pages) {
        await moveTo(page, path)
        await page.locator('main').getByText('Loading…').first().waitFor({ state: 'detached' })
        await collect(page, path === '' ? '/overview' : path.replace(/(?<=.\/).*\D.*/, '1'))
      }
      await close()
      const phone = await desk.openPhone(furnished.person, tilly, { look, scripts: [axe] })
      await phone.page.locator('.bubble').first().waitFor()
      await collect(phone.page, 'phone')
      await phone.page.goto(`${desk.carrierUrl}/phone/`)
      await phone.page.locator('.threads li').first().waitFor()
      await collect(phone.page, 'phones')
      await phone.close()
      assert.deepEqual([...faults, ...tabFaults, ...phone.faults], [])

      async function collect(shown: Page, name: string): Promise<void> {
        faults.push(...(await faultsOf(shown)).map((fault) => `${name}: ${fault}`))
        await takePicture(shown, `${nameOf(look)}-${name.replaceAll(/\W+/g, '-')}`.replace('--', '-'))
      }
    })

  test('the log is walked by keyboard alone, and so is the way back', async () => {
    const { page, close, faults } = await openSignedIn(desk)
    await goTo(page, desk, '/messages')
    await page.locator('.log a').first().waitFor()
    const focused = (what: string) => page.locator(`${what}:focus`).waitFor()
    await page.keyboard.press('j')
    await focused('.log a[data-index="0"]')
    await page.keyboard.press('j')
    await focused('.log a[data-index="1"]')
    await page.keyboard.press('k')
    await focused('.log a[data-index="0"]')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Message', exact: true }).waitFor()
    await focused('h1')
    await page.keyboard.press('Shift+Tab')
    await focused('.back')
    await page.keyboard.press('Enter')
    await page.locator('.log a').first().waitFor()
    await focused('h1')
    await page.keyboard.press('/')
    await focused('input[type=search]')
    await page.keyboard.type('landline nobody wrote about')
    await page.getByText('No message fits').waitFor()
    await page.keyboard.press('Escape')
    await page.locator(':focus').waitFor({ state: 'detached' })
    await page.keyboard.press('Tab')
    await focused('')
    await close()
    assert.deepEqual(faults, [])
  })
})

/** What axe calls serious or critical, and whatever is wider than the screen. */
async function faultsOf(page: Page): Promise<string[]> {
  const found: unknown =
    await page.evaluate(`axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => [
    ...violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .flatMap(({ id, nodes }) => nodes.map(({ html }) => id + ' ' + html.slice(0, 120))),
    ...(document.documentElement.scrollWidth > window.innerWidth ? ['it is wider than the screen'] : []),
  ])`)
  assert.ok(Array.isArray(found))
  return found.map(String)
}
