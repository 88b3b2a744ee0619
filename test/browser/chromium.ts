import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import packed from '@sparticuz/chromium'
import { type Browser, chromium, type Page } from 'playwright-core'

/** Reached only when something is broken: a busy machine may take this long for one step. */
export const waitMsMax = 60_000

/** Its package is made for machines of another kind: these would switch off what a page is protected by, or need one process. */
const unwantedArguments = [
  '--single-process',
  '--no-zygote',
  '--disable-web-security',
  '--allow-running-insecure-content',
]

/** A real browser, by `npm ci` alone. */
export async function launchChromium(): Promise<Browser> {
  const folder = await unpackedFolder()
  return chromium.launch({
    executablePath: join(folder, 'chromium'),
    args: packed.args.filter((argument) => !unwantedArguments.includes(argument)),
    env: {
      ...process.env,
      FONTCONFIG_PATH: join(folder, 'fonts'),
      LD_LIBRARY_PATH: join(folder, 'al2023', 'lib'),
    },
    timeout: waitMsMax,
  })
}

export type Look = { readonly theme: 'light' | 'dark'; readonly width: number }
export const desktop: Look = { theme: 'light', width: 1280 }
/** As on a small phone. */
export const pocket: Look = { theme: 'light', width: 360 }

export type Tab = {
  readonly page: Page
  /** What no page of ours may do: errors, dialogs, requests to others, breaches of its content policy. */
  readonly faults: readonly string[]
  close(): Promise<void>
}

/** A browser of its own, without cookies. It runs `scripts` in each page before the page's own. */
export async function openTab(
  browser: Browser,
  { look = desktop, scripts = [] }: { readonly look?: Look; readonly scripts?: readonly string[] } = {},
): Promise<Tab> {
  const context = await browser.newContext({
    // Chromium takes en-US@posix from the environment, which no Intl function accepts.
    locale: 'en-US',
    timezoneId: 'UTC',
    colorScheme: look.theme,
    viewport: { width: look.width, height: look.width < 720 ? 740 : 860 },
    reducedMotion: 'reduce',
  })
  context.setDefaultTimeout(waitMsMax)
  for (const content of [reportBreaches, ...scripts]) await context.addInitScript({ content })
  const faults: string[] = []
  const page = await context.newPage()
  page.on('pageerror', (error) => faults.push(`error: ${error.message}`))
  page.on('console', (message) => {
    // Of an answer like 401 the browser itself writes a line.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) faults.push(message.text())
  })
  page.on('dialog', (dialog) => {
    faults.push(`dialog: ${dialog.message()}`)
    void dialog.dismiss()
  })
  page.on('request', (request) => {
    const { hostname, protocol } = new URL(request.url())
    if (protocol !== 'data:' && !['localhost', '127.0.0.1'].includes(hostname)) faults.push(`request: ${request.url()}`)
  })
  return { page, faults, close: () => context.close() }
}

const reportBreaches = `document.addEventListener('securitypolicyviolation', (event) =>
  console.error('breach of the content policy: ' + event.violatedDirective + ' ' + event.blockedURI))`

const cacheFolder = fileURLToPath(new URL('../../node_modules/.cache/textbridge/', import.meta.url))
const unpack = fileURLToPath(new URL('./unpack-chromium.ts', import.meta.url))

/** Unpacked once for each version, under a name of its own first: no other process ever starts half a browser. */
async function unpackedFolder(): Promise<string> {
  const manifest = new URL('../package.json', import.meta.resolve('@sparticuz/chromium'))
  const { version } = JSON.parse(readFileSync(manifest, 'utf8'))
  const folder = join(cacheFolder, `chromium-${version}`)
  if (existsSync(folder)) return folder
  mkdirSync(cacheFolder, { recursive: true })
  const fresh = mkdtempSync(join(cacheFolder, 'unpacking-'))
  try {
    await promisify(execFile)(process.execPath, [unpack], { env: { ...process.env, TMPDIR: fresh } })
    // The one of the package names the folders of another machine.
    writeFileSync(join(fresh, 'fonts', 'fonts.conf'), fontsConfOf(join(folder, 'fonts')))
    renameSync(fresh, folder)
  } catch (error) {
    if (!existsSync(folder)) throw error
  } finally {
    rmSync(fresh, { recursive: true, force: true })
  }
  return folder
}

/** The package's own font first, so that pictures look alike everywhere; the machine's for what it lacks. */
function fontsConfOf(folder: string): string {
  const families = { 'sans-serif': 'Open Sans', 'system-ui': 'Open Sans', monospace: 'DejaVu Sans Mono' }
  const aliases = Object.entries(families).map(
    ([name, font]) => `<alias binding="same"><family>${name}</family><prefer><family>${font}</family></prefer></alias>`,
  )
  const folders = [folder, '/usr/share/fonts'].map((path) => `<dir>${path}</dir>`)
  return `<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>${[...folders, `<cachedir>${join(folder, 'cache')}</cachedir>`, ...aliases].join('\n')}</fontconfig>`
}
