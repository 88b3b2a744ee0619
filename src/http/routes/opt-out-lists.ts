import { isUtf8 } from 'node:buffer'
import { Readable } from 'node:stream'
import { Type } from 'typebox'
import { SmsError } from '../../core/errors.ts'
import type { OptOut } from '../../core/opt-out.ts'
import type { Store } from '../../ports/store.ts'
import { importedRowsMax, importOptOuts, type OptOutLine } from '../../use-cases/import-opt-outs.ts'
import { actorOf, callerOf } from '../auth.ts'
import { type CsvRow, csvLine, parseCsv, withoutApostrophe } from '../csv.ts'
import type { App } from '../fastify.ts'
import type { ManagementParts } from '../management.ts'
import { bodyErrors, fileSchema, setupErrors } from '../schemas/common.ts'
import { optOutBodyOf, optOutImportSchema } from '../schemas/opt-outs.ts'
import { parseTime } from '../schemas/time-query.ts'

const path = '/api/v1/opt-outs'
const tags = ['opt-outs']
const importBytesMax = 1024 * 1024
const exportPageOptOuts = 2_000
/** The first three are those of an import, so that an export can be taken in again. */
const columns = [
  'phone_number',
  'evidence',
  'created_at',
  'source',
  'in_doubt',
  'scope',
  'assistant_id',
  'phone_number_id',
] as const

export function registerOptOutListRoutes(app: App, parts: ManagementParts): void {
  registerExport(app, parts)
  registerImport(app, parts)
}

function registerExport(app: App, { store }: ManagementParts): void {
  app.get(
    `${path}/export`,
    {
      config: { scopes: ['read', 'manage'] },
      schema: {
        operationId: 'exportOptOuts',
        summary: 'All opt-outs as a CSV file, newest first',
        description: 'Safe to open in a spreadsheet: what would run as a formula begins with an apostrophe.',
        tags,
        response: {
          200: { description: 'The file.', content: { 'text/csv': { schema: fileSchema } } },
          ...setupErrors('read or manage'),
        },
      },
    },
    async (request, reply) => {
      reply
        .header('content-type', 'text/csv; charset=utf-8')
        .header('content-disposition', 'attachment; filename="opt-outs.csv"')
      return reply.send(Readable.from(exportedLines(store, callerOf(request).organizationId)))
    },
  )
}

async function* exportedLines(store: Store, organizationId: number): AsyncGenerator<string> {
  yield csvLine(columns)
  for (let skip = 0; ; skip += exportPageOptOuts) {
    const page = await store.optOuts.list(organizationId, { skip, limit: exportPageOptOuts })
    yield page.map(exportedLine).join('')
    if (page.length < exportPageOptOuts) return
  }
}

function exportedLine(optOut: OptOut): string {
  const body = optOutBodyOf(optOut)
  return csvLine(columns.map((column) => String(body[column] ?? '')))
}

/** Its body is no JSON, so it has a parser and limits of its own. */
function registerImport(app: App, parts: ManagementParts): void {
  void app.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('text/csv', { parseAs: 'buffer', bodyLimit: importBytesMax }, (_request, body, done) =>
      done(null, body),
    )
    scope.setErrorHandler((error) => {
      throw importErrorOf(error)
    })
    scope.post(
      `${path}/import`,
      {
        config: { scopes: ['operate', 'manage'] },
        bodyLimit: importBytesMax,
        validatorCompiler: () => () => true,
        schema: {
          operationId: 'importOptOuts',
          summary: 'Record many opt-outs from a CSV file',
          description: `A line each: \`phone_number[,evidence][,created_at]\`, in this order or as a first line names them. At most ${importedRowsMax} lines and 1 MB. Each holds for the whole organization; those that stand stay as they are. Good lines are taken whatever the others are.`,
          tags,
          consumes: ['text/csv'],
          body: Type.String({ examples: ['phone_number,evidence\n+1234567890,"Asked on the phone, ticket 4711"\n'] }),
          response: {
            200: optOutImportSchema,
            ...setupErrors('operate or manage', {
              ...bodyErrors,
              400: ['invalid_request', `The file has more than ${importedRowsMax} lines. Send it in parts.`],
              413: ['body_too_large', tooLarge().message],
              415: ['unsupported_media_type', noCsv().message],
            }),
          },
        },
      },
      async (request) => {
        const caller = callerOf(request)
        const { organizationId } = caller
        return importOptOuts(parts, { organizationId, actor: actorOf(caller) }, linesOf(request.body))
      },
    )
  })
}

const tooLarge = () => new SmsError('body_too_large', 'The file is larger than 1 MB. Send it in parts.')
const noCsv = () =>
  new SmsError('unsupported_media_type', 'Send the file as it is, with the header Content-Type: text/csv.')

function importErrorOf(error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') return tooLarge()
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') return noCsv()
  return error
}

/** @throws SmsError `invalid_request` when it is not a file of this kind at all. */
function linesOf(body: unknown): OptOutLine[] {
  const bytes = body instanceof Uint8Array ? body : new Uint8Array()
  if (!isUtf8(bytes)) throw new SmsError('invalid_request', 'The file is not valid UTF-8. Save it as CSV in UTF-8.')
  const rows = parseCsv(Buffer.from(bytes).toString('utf8'))
  const names = rows[0]?.cells.map((cell) => cell.trim().toLowerCase()) ?? []
  const hasHeader = names.includes('phone_number')
  const lines = hasHeader ? rows.slice(1) : rows
  if (lines.length === 0) throw new SmsError('invalid_request', 'The file has no lines. Give one phone number in each.')
  if (lines.length > importedRowsMax)
    throw new SmsError('invalid_request', `The file has more than ${importedRowsMax} lines. Send it in parts.`)
  return lines.map((row) => lineOf(row, hasHeader ? names : columns))
}

function lineOf({ line, cells, isOpen }: CsvRow, names: readonly string[]): OptOutLine {
  const cell = (name: (typeof columns)[number]) => withoutApostrophe((cells[names.indexOf(name)] ?? '').trim())
  const createdAt = cell('created_at')
  return {
    line,
    phoneNumber: cell('phone_number'),
    evidence: cell('evidence'),
    createdAt: createdAt === '' ? undefined : (parseTime(createdAt) ?? 'malformed'),
    isOpen,
  }
}
