import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { findKeyword, type KeywordKind, normalizeKeyword } from './keyword.ts'
import { optOutPhrases, wordPacks } from './keyword-words.ts'
import { parseE164 } from './phone-number.ts'

const sender = parseE164('+12025550142')
const kindOf = (body: string, freed?: readonly string[]) => findKeyword(body, { sender, ...(freed && { freed }) })?.kind

const rows: [body: string, kind: KeywordKind | undefined][] = [
  ...'STOP,STOPALL,STOP ALL,UNSUBSCRIBE,CANCEL,END,QUIT,REVOKE,OPTOUT,OPT OUT,OPT-OUT,REMOVE,ARRET,ARRÊT'
    .split(',')
    .map((word): [string, KeywordKind] => [word, 'opt_out']),
  ...'PARAR,ALTO,BAJA,CANCELAR,NO MAS'.split(',').map((word): [string, KeywordKind] => [word, 'opt_out']),
  ['  stop\n', 'opt_out'],
  ['Stop.', 'opt_out'],
  ['"STOP"!!', 'opt_out'],
  ['stop 🙏', 'opt_out'],
  ['🛑️ STOP', 'opt_out'],
  ['ＳＴＯＰ', 'opt_out'],
  ['please stop, thanks', 'opt_out'],
  ['Stop texting me', 'opt_out'],
  ['pls remove me from your list', 'opt_out'],
  ["Don't text me again!", 'opt_out'],
  ['STOP STOP', 'opt_out'],
  ['stop!!! stop!!!', 'opt_out'],
  ['STOP PLEASE STOP', 'opt_out'],
  ['STOP\n\nSent from my iPhone', 'opt_out'],
  ['Stop texts', 'opt_out'],
  ['STOP ALL MESSAGES', 'opt_out'],
  ['i said stop', 'opt_out'],
  ['stop spamming me', 'opt_out'],
  ['I want to opt out', 'opt_out'],
  ['I want to unsubscribe', 'opt_out'],
  ['unsubscribe from this list', 'opt_out'],
  ['Stop, you have the wrong number', 'opt_out_doubt'],
  ['Stop, I am not interested', 'opt_out_doubt'],
  ['Stop by at five?', undefined],
  ['stop at the corner', undefined],
  ["don't stop texting me", undefined],
  [`${'We had such a nice time yesterday and then my brother said '}stop texting him so often`, 'opt_out_doubt'],
  ['START', 'opt_in'],
  ['Unstop', 'opt_in'],
  ['YES', 'opt_in_if_opted_out'],
  ['yes please', undefined],
  ['HELP', 'help'],
  ['ayuda', 'help'],
  ['help me choose', undefined],
  ['CONFIRM', undefined],
  ['RESCHEDULE', undefined],
  ['where is the bus stop', undefined],
  ['cancel my appointment', undefined],
  ['at the end', undefined],
  ['', undefined],
  ['🙂', undefined],
]
for (const [body, kind] of rows)
  test(`${JSON.stringify(body)} is ${kind ?? 'no keyword'}`, () => assert.equal(kindOf(body), kind))

test('an assistant can free a word, but not one that the law names', () => {
  assert.equal(kindOf('remove', ['REMOVE']), undefined)
  assert.equal(kindOf('cancel', ['CANCEL']), 'opt_out')
  const british = parseE164('+447700900123')
  assert.equal(findKeyword('cancel', { sender: british, freed: ['Cancel'] }), undefined)
})

test('every word and phrase of the lists is in its normal form, so that it can be found', () => {
  const words = Object.values(wordPacks).flatMap((pack) => [...pack.optOut, ...pack.optIn, ...pack.help])
  for (const word of [...words, ...optOutPhrases]) assert.equal(normalizeKeyword(word), word)
})

test('punctuation, spaces, case and emoji around a word change nothing', () => {
  const noise = fc
    .array(fc.constantFrom(' ', '!', '.', '🙏', '\n', '*', '️'), { maxLength: 6 })
    .map((all) => all.join(''))
  const word = fc.constantFrom('stop', 'Stop', 'sTOP', 'STOP')
  fc.assert(fc.property(noise, word, noise, (before, text, after) => kindOf(before + text + after) === 'opt_out'))
})

test('any text is judged without an error, however long', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 2_000 }), (body) => void kindOf(body)))
  assert.equal(kindOf('stop '.repeat(100_000)), 'opt_out')
  assert.equal(kindOf('wait '.repeat(100_000)), undefined)
})
