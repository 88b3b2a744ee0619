import { readdirSync, readFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { SmsError } from '../../core/errors.ts'
import { okHttpStatus } from '../errors.ts'
import type { App } from '../fastify.ts'

export type ConsoleRouteParts = {
  /** Where the built console is, by `console/prepare.ts` or the container image. Read once; it may be missing. */
  readonly consoleFolder?: string
}

/** Beside src/, in a checkout and in the image. */
const builtFolder = new URL('../../../console/dist/', import.meta.url).pathname

const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
}

/** The page runs its own files and asks its own service, and nothing else; no code can come out of a string. */
const contentPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'self'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ')

/** The best first. */
const encodings = [
  { name: 'br', suffix: '.br' },
  { name: 'gzip', suffix: '.gz' },
] as const

type File = { readonly type: string; readonly bodies: ReadonlyMap<string, Buffer> }

/**
 * The console: every address below /console that is no file is its page, which finds its own way from there. The files
 * are in memory from the start, by their exact names, so that no address reaches anything else on the disk.
 */
export function registerConsoleRoutes(app: App, { consoleFolder = builtFolder }: ConsoleRouteParts): void {
  const files = filesIn(consoleFolder)
  const answer = (request: FastifyRequest, reply: FastifyReply) => {
    const name = nameIn(request.url)
    const file = files.get(name) ?? (isPage(name) ? files.get('index.html') : undefined)
    if (file === undefined)
      throw new SmsError('not_found', isPage(name) ? notBuilt : 'The console has no such file. Reload the page.')
    return send(request, reply, { file, isImmutable: name.startsWith('assets/') })
  }
  app.get('/console', { schema: { hide: true } }, answer)
  app.get('/console/*', { schema: { hide: true } }, answer)
}

const notBuilt = 'The console is not built. npm ci builds it; so does npm run build:console.'

/** Files have an ending or stand in a folder of their own; pages have neither, but ids in their addresses may have dots. */
function isPage(name: string): boolean {
  return !name.startsWith('assets/') && contentTypes[extname(name)] === undefined
}

/** As it stands in the address, undecoded: no file of ours has a name that needs it. */
function nameIn(url: string): string {
  const [path = ''] = url.split('?')
  return path.slice('/console/'.length).replace(/\/$/, '')
}

function send(
  request: FastifyRequest,
  reply: FastifyReply,
  { file, isImmutable }: { readonly file: File; readonly isImmutable: boolean },
): FastifyReply {
  const accepted = (request.headers['accept-encoding'] ?? '').split(',').map((part) => part.trim().split(';'))
  const takes = (name: string) =>
    accepted.some(([coding, quality]) => coding === name && !/q=0(\.0*)?$/.test(quality ?? ''))
  const encoding = encodings.find(({ name }) => takes(name) && file.bodies.has(name))
  if (encoding !== undefined) reply.header('content-encoding', encoding.name)
  return reply
    .code(okHttpStatus)
    .headers({
      'content-security-policy': contentPolicy,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'same-origin',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      vary: 'accept-encoding',
      // The name of a file in assets/ changes with what is in it.
      'cache-control': isImmutable ? 'public, max-age=31536000, immutable' : 'no-cache',
    })
    .type(file.type)
    .serializer(String)
    .send(file.bodies.get(encoding?.name ?? 'identity'))
}

function filesIn(folder: string): ReadonlyMap<string, File> {
  const names = namesIn(folder)
  const files = names.flatMap((name) => {
    const type = contentTypes[extname(name)]
    if (type === undefined) return []
    const packed = encodings.filter(({ suffix }) => names.includes(name + suffix))
    const bodies = new Map([
      ['identity', readFileSync(join(folder, name))],
      ...packed.map((encoding) => [encoding.name, readFileSync(join(folder, name + encoding.suffix))] as const),
    ])
    return [[name, { type, bodies }] as const]
  })
  return new Map(files)
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => name.replaceAll('\\', '/'))
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw error
  }
}
