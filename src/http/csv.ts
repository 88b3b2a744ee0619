/** Cells as spreadsheets read them: RFC 4180, with lines that end in CR LF. */
export function csvLine(cells: readonly string[]): string {
  return `${cells.map((cell) => `"${neutral(cell).replaceAll('"', '""')}"`).join(',')}\r\n`
}

/** What spreadsheets take for a formula, and would run, gets an apostrophe, which they show as text. */
const formulaStart = /^[=+\-@\t\r]/

function neutral(cell: string): string {
  return formulaStart.test(cell) ? `'${cell}` : cell
}

/** A cell as it was before `csvLine` made it safe. */
export function withoutApostrophe(cell: string): string {
  return cell.startsWith("'") && formulaStart.test(cell.slice(1)) ? cell.slice(1) : cell
}

export type CsvRow = {
  /** Where it begins, from 1. */
  readonly line: number
  readonly cells: readonly string[]
  /** A quote in it is never closed: the rest of the text stands in its last cell. */
  readonly isOpen: boolean
}

/** Blank lines are no rows. Lines may end in LF alone; a byte order mark is skipped. */
export function parseCsv(text: string): CsvRow[] {
  const rows: CsvRow[] = []
  const cell = /("[^"]*(?:""[^"]*)*"|"[\s\S]*$|[^",\r\n][^,\r\n]*)?(,|\r?\n|\r|$)/y
  cell.lastIndex = text.startsWith('\uFEFF') ? 1 : 0
  let [line, lineOfRow, cells, isOpen]: [number, number, string[], boolean] = [1, 1, [], false]
  while (cell.lastIndex < text.length || cells.length > 0) {
    const match = cell.exec(text)
    if (match === null) return [...rows, { line: lineOfRow, cells, isOpen: true }]
    const [, value = '', end = ''] = match
    const isQuoted = value.startsWith('"')
    const isClosed = !isQuoted || /^"[^"]*(?:""[^"]*)*"$/.test(value)
    isOpen ||= !isClosed
    cells.push(isQuoted ? value.slice(1, isClosed ? -1 : undefined).replaceAll('""', '"') : value)
    line += value.split('\n').length - 1
    if (end === ',') continue
    if (cells.length > 1 || cells[0]?.trim() !== '') rows.push({ line: lineOfRow, cells, isOpen })
    line += end === '' ? 0 : 1
    ;[lineOfRow, cells, isOpen] = [line, [], false]
    if (end === '') break
  }
  return rows
}
