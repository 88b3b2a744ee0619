import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import { startDemo } from '../../src/cli/demo.ts'
import { findFreePort } from '../support/postgres.ts'
import { type Answer, callService } from '../support/service-client.ts'
import { type Look, launchChromium, openTab, type Tab } from './chromium.ts'

/** The numbers of the demo: of Tilly and of Nell. */
export const tilly = '+12025550142'
export const nell = '+12025550143'
export const owner = { name: 'olga@example.com', password: 'four words to remember' } as const

export type Desk = {
  readonly browser: Browser
  readonly url: string
  readonly carrierUrl: string
  readonly databaseUrl: string
  /** As it was printed; it works once. */
  readonly firstLink: string
  readonly apiKey: string
  /** As a program with the printed key would. */
  call(method: string, path: string, json?: unknown): Promise<Answer>
  send(to: string, message: string, more?: Readonly<Record<string, unknown>>): Promise<Answer>
  /** Anything of the carrier's own: settings, texts of people. */
  carrier(method: string, path: string, json: unknown): Promise<Answer>
  openTab(options?: Parameters<typeof openTab>[1]): Promise<Tab>
  /** The phone of a person, with a number of ours. */
  openPhone(person: string, number: string, options?: Parameters<typeof openTab>[1]): Promise<Tab>
  close(): Promise<void>
}

/** What `npm start` starts, over an empty database, and a browser. */
export async function startDesk(): Promise<Desk> {
  const folder = mkdtempSync(join(tmpdir(), 'textbridge-browser-'))
  const port = await findTwoFreePorts()
  const databaseUrl = `sqlite:${join(folder, 'textbridge.db')}`
  const lines: string[] = []
  const demo = await startDemo({
    env: { TEXTBRIDGE_DATABASE_URL: databaseUrl, TEXTBRIDGE_PORT: String(port), TEXTBRIDGE_LOG_LEVEL: 'error' },
    output: { line: (text) => void lines.push(text), note: () => undefined, isTerminal: false },
    version: 'test',
  })
  const find = (pattern: RegExp) => pattern.exec(lines.join('\n'))?.[1] ?? ''
  const [url, carrierUrl] = [find(/Textbridge {3}(\S+)/), find(/Carrier {6}(\S+)/)]
  const apiKey = find(/API key {6}(\S+)/)
  const browser = await launchChromium()
  const call: Desk['call'] = (method, path, json) =>
    callService(url, method, path, { key: apiKey, ...(json === undefined ? {} : { json }) })
  return {
    ...{ browser, url, carrierUrl, databaseUrl, apiKey, call },
    firstLink: find(/Console {6}(\S+)/),
    send: (to, message, more = {}) =>
      call('POST', '/sms/send', { from_phone_number: tilly, to_phone_number: to, message, ...more }),
    carrier: (method, path, json) => callService(carrierUrl, method, path, { json }),
    openTab: (options) => openTab(browser, options),
    async openPhone(person, number, options) {
      const tab = await openTab(browser, options)
      await tab.page.goto(`${carrierUrl}/phone/#${person}/${number}`)
      await tab.page.getByText(`on the phone of ${person}`).waitFor()
      return tab
    },
    async close() {
      await browser.close()
      await demo.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Opens the printed link and fills in what it asks the first owner for. */
export async function signInFirst(page: Page, desk: Desk): Promise<void> {
  await page.goto(desk.firstLink)
  await page.getByRole('heading', { name: 'Set up the first owner' }).waitFor()
  await page.getByLabel('Name').fill(owner.name)
  await page.getByLabel('Password').fill(owner.password)
  await page.getByLabel('The same again').fill(owner.password)
  await takePicture(page, 'first-run')
  await page.getByRole('button', { name: 'Go on' }).click()
  await page.getByRole('heading', { name: 'Overview', exact: true }).waitFor()
}

/** By name and password, in a tab of its own. */
export async function openSignedIn(desk: Desk, options?: Parameters<typeof openTab>[1]): Promise<Tab> {
  const tab = await desk.openTab(options)
  await tab.page.goto(`${desk.url}/console`)
  await tab.page.getByLabel('Name').fill(owner.name)
  await tab.page.getByLabel('Password').fill(owner.password)
  await tab.page.getByRole('button', { name: 'Sign in' }).click()
  await tab.page.getByRole('heading', { name: 'Overview', exact: true }).waitFor()
  return tab
}

/** Opens a page of the console, and waits for what it shows. */
export async function goTo(page: Page, desk: Desk, path: string): Promise<void> {
  await page.goto(`${desk.url}/console${path}`)
  await page.locator('main h1').waitFor()
  await page.locator('.skeleton').first().waitFor({ state: 'detached' })
}

/** Goes on to another page as a link in the console would, without loading the console anew. */
export async function moveTo(page: Page, path: string): Promise<void> {
  await page.evaluate(`document.activeElement.blur()
    history.pushState(null, '', ${JSON.stringify(`/console${path}`)})
    dispatchEvent(new PopStateEvent('popstate'))`)
  // A page that opens gives the focus to its heading.
  await page.locator('main h1:focus').waitFor()
  await page.locator('.skeleton').first().waitFor({ state: 'detached' })
}

/** Kept for whoever looks at a run of the tests, in `test-artifacts/screenshots` or where TEXTBRIDGE_SCREENSHOTS says. */
export async function takePicture(page: Page, name: string): Promise<void> {
  const folder =
    process.env.TEXTBRIDGE_SCREENSHOTS ?? fileURLToPath(new URL('../../test-artifacts/screenshots/', import.meta.url))
  mkdirSync(folder, { recursive: true })
  await page.screenshot({ path: join(folder, `${name}.png`), animations: 'disabled' })
}

export function nameOf({ theme, width }: Look): string {
  return `${theme}-${width}`
}

/** The carrier of the demo takes the port after the one of the service. */
async function findTwoFreePorts(): Promise<number> {
  for (;;) {
    const port = await findFreePort()
    if (await isFree(port + 1)) return port
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer()
    probe.once('error', () => resolve(false))
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)))
  })
}
