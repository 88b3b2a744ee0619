import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { csvLine, parseCsv, withoutApostrophe } from './csv.ts'

suite('a cell that a spreadsheet would run as a formula is text', () => {
  const rows: readonly [cell: string, line: string][] = [
    ['=HYPERLINK("http://x")', `"'=HYPERLINK(""http://x"")"\r\n`],
    ['+1', `"'+1"\r\n`],
    ['-1', `"'-1"\r\n`],
    ['@SUM(A1)', `"'@SUM(A1)"\r\n`],
    ['\t=1', `"'\t=1"\r\n`],
    ['\r=1', `"'\r=1"\r\n`],
    ['1=1', '"1=1"\r\n'],
    ['', '""\r\n'],
  ]
  for (const [cell, line] of rows)
    test(JSON.stringify(cell), () => {
      assert.equal(csvLine([cell]), line)
      assert.equal(withoutApostrophe(parseCsv(line)[0]?.cells[0] ?? ''), cell)
    })
})

test('what was written is read, with the line that each row begins on', () => {
  fc.assert(
    fc.property(fc.array(fc.array(fc.string({ unit: 'grapheme' }), { minLength: 2, maxLength: 4 })), (table) => {
      const rows = parseCsv(table.map(csvLine).join(''))
      assert.deepEqual(
        rows.map(({ cells }) => cells.map(withoutApostrophe)),
        table.map((cells) => cells.map(withoutApostrophe)),
      )
      assert.ok(rows.every(({ isOpen }) => !isOpen))
    }),
  )
  const read = (text: string) => parseCsv(text).map(({ line, cells }) => [line, ...cells])
  assert.deepEqual(read('\uFEFFa,b\n\n"c\nd",e\r\nf'), [
    [1, 'a', 'b'],
    [3, 'c\nd', 'e'],
    [5, 'f'],
  ])
  assert.deepEqual(read('a,\n,'), [
    [1, 'a', ''],
    [2, '', ''],
  ])
  assert.deepEqual(read(''), [])
})

test('a quote that is never closed, or closes too early, is told', () => {
  for (const text of ['a,"b', 'x\na,"b\nc', 'x\n"b"c,d', 'x\na"b'])
    assert.equal(parseCsv(text).at(-1)?.isOpen, !text.endsWith('a"b'))
})
