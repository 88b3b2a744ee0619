import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { SegmentedMessage } from 'sms-segments-calculator'
import { segmentsOf, warningsFor } from './encoding.ts'

const a = 'a'
const vectors = [
  [a.repeat(160), 'gsm-7', 1],
  [a.repeat(161), 'gsm-7', 2],
  [a.repeat(306), 'gsm-7', 2],
  [a.repeat(307), 'gsm-7', 3],
  [a.repeat(1530), 'gsm-7', 10],
  [a.repeat(1600), 'gsm-7', 11],
  ['€'.repeat(80), 'gsm-7', 1],
  ['€'.repeat(81), 'gsm-7', 2],
  ['{'.repeat(153), 'gsm-7', 3],
  [`${a.repeat(159)}€`, 'gsm-7', 2],
  [`${a.repeat(152)}€${a.repeat(152)}`, 'gsm-7', 3],
  ['ж'.repeat(70), 'ucs-2', 1],
  ['ж'.repeat(71), 'ucs-2', 2],
  ['ж'.repeat(134), 'ucs-2', 2],
  ['ж'.repeat(135), 'ucs-2', 3],
  ['😀'.repeat(35), 'ucs-2', 1],
  ['😀'.repeat(36), 'ucs-2', 2],
  ['ж'.repeat(670), 'ucs-2', 10],
  ['ж'.repeat(1600), 'ucs-2', 24],
  ['😀'.repeat(800), 'ucs-2', 25],
  [`${'ж'.repeat(66)}😀${'ж'.repeat(4)}`, 'ucs-2', 2],
] as const

for (const [body, encoding, segmentCount] of vectors)
  test(`${body.slice(0, 3)}… of ${[...body].length} characters takes ${segmentCount} ${encoding} segments`, () => {
    const segments = segmentsOf(body)
    assert.deepEqual([segments.encoding, segments.segmentCount], [encoding, segmentCount])
  })

test('backtick, lower-case ç, tab and curly quotes are outside the GSM alphabet', () => {
  for (const character of ['`', 'ç', '\t', '“', '’']) {
    assert.equal(segmentsOf(`a${character}`).encoding, 'ucs-2')
    assert.deepEqual(segmentsOf(`a${character}${character}`).forcedBy, [character])
  }
  for (const character of ['Ç', '\f', '[', 'Ω', '@', '\n']) assert.equal(segmentsOf(character).encoding, 'gsm-7')
})

test('an independent calculator counts the same for any text', () => {
  const character = fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(...'abc {}€^Ωé') },
    { weight: 1, arbitrary: fc.constantFrom('😀', 'ж', '’', '👍🏽', '👨‍👩‍👧', '🇨🇭', '中') },
  )
  const text = fc.array(character, { minLength: 1, maxLength: 500 }).map((characters) => characters.join(''))
  fc.assert(
    fc.property(text, (body) => {
      const oracle = new SegmentedMessage(body, 'auto', false)
      const segments = segmentsOf(body)
      assert.equal(segments.encoding === 'gsm-7' ? 'GSM-7' : 'UCS-2', oracle.encodingName)
      assert.equal(segments.segmentCount, oracle.segmentsCount)
    }),
    { numRuns: 300 },
  )
})

test('a body that costs more than expected is warned about, an ordinary one is not', () => {
  assert.deepEqual(warningsFor(segmentsOf('Your table is ready.')), [])
  assert.match(warningsFor(segmentsOf('It’s ready'))[0] ?? '', /UCS-2 .* because of: ’$/)
  assert.match(warningsFor(segmentsOf(a.repeat(1600)))[0] ?? '', /^11 segments/)
})

test('characters that a provider does not carry as GSM-7 make a text UCS-2, and are named', () => {
  assert.equal(segmentsOf('5 €').encoding, 'gsm-7')
  const { encoding, forcedBy } = segmentsOf('5 € [Ω] ok', '€ÇΩ')
  assert.deepEqual([encoding, forcedBy], ['ucs-2', ['€', 'Ω']])
  assert.equal(segmentsOf('5 $ [x]', '€ÇΩ').encoding, 'gsm-7')
})
