import { readdirSync, readFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import type { WireAnswer, WireRequest } from './wire-api.ts'

const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
}

/** Texts are written by strangers: nothing of theirs runs, and nothing is loaded from anywhere but here. */
const contentPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join('; ')

/**
 * The files of the built page. @returns undefined where the path is not below /phone. The folder is read when the page
 * is asked for, so that a page which was built later needs no restart; only files that are listed there are served.
 */
export function makePhonePage(folder: string | undefined): (request: WireRequest) => WireAnswer | undefined {
  return ({ method, url: { pathname } }) => {
    if ((method !== 'GET' && method !== 'HEAD') || (pathname !== '/phone' && !pathname.startsWith('/phone/')))
      return undefined
    // Its scripts and styles are named beside it, so it needs the address of a folder.
    if (pathname === '/phone') return { status: 308, headers: { location: '/phone/' } }
    const name = pathname === '/phone/' ? 'index.html' : pathname.slice('/phone/'.length)
    const type = contentTypes[extname(name)]
    if (folder === undefined || type === undefined || !filesIn(folder).includes(name))
      return { status: 404, body: { error: name === 'index.html' ? notBuilt : 'The phone page has no such file.' } }
    return {
      status: 200,
      headers: {
        'content-type': type,
        'content-security-policy': contentPolicy,
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
        // The names of scripts and styles change with what is in them.
        'cache-control': name === 'index.html' ? 'no-cache' : 'max-age=31536000, immutable',
      },
      content: readFileSync(join(folder, name)),
    }
  }
}

const notBuilt = 'The phone page is not built. npm ci builds it; so does: node console/prepare.ts'

function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => name.replaceAll('\\', '/'))
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw error
  }
}
