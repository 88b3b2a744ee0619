import {
  doubtfulBeginnings,
  harmlessAfterStop,
  legalOptOutWords,
  negations,
  optInWordsWhileOptedOut,
  optOutPhrases,
  politeWords,
  wordPacks,
} from './keyword-words.ts'
import type { E164 } from './phone-number.ts'

/**
 * What an inbound text asks of the consent ledger.
 * `opt_out_doubt` may be a refusal: it is flagged, and holds further sends until a person decides.
 * `opt_in_if_opted_out` means something only while an opt-out stands; otherwise it is an ordinary answer.
 */
export const keywordKinds = ['opt_out', 'opt_out_doubt', 'opt_in', 'opt_in_if_opted_out', 'help'] as const
export type KeywordKind = (typeof keywordKinds)[number]

export type Keyword = {
  readonly kind: KeywordKind
  /** The word or phrase of our list that the text holds: the evidence. */
  readonly matched: string
}

/** A refusal is short; in a longer text the same words may be about something else. */
const wordsInRefusalMax = 12
/** Longer texts are not searched for words at all. */
const wordsSearchedMax = 320

/**
 * Finds the keyword that a text is or contains. `freed` are words that an assistant uses in another sense ("Reply END
 * to finish"); those that the law names for the sender's country stay opt-outs.
 */
export function findKeyword(
  body: string,
  options: { readonly sender: E164; readonly freed?: readonly string[] },
): Keyword | undefined {
  const text = normalizeKeyword(body)
  if (text === '') return undefined
  // What phones and mail programs add stands in lines of its own: "STOP\nSent from my phone".
  const firstLine = normalizeKeyword(body.trimStart().split('\n', 1)[0] ?? '')
  const isFreed = (word: string) => isFree(word, options)
  const alone = wholeTextKeyword(text) ?? optOutIn(firstLine)
  if (alone !== undefined) return alone.kind === 'opt_out' && isFreed(alone.matched) ? undefined : alone
  const words = text.split(' ', wordsSearchedMax)
  const kept = words.filter((word) => !polite.has(word))
  const repeated = kept.find((word) => kept.every((other) => other === word)) ?? kept.join(' ')
  if (optOutWords.has(repeated) && !isFreed(repeated)) return { kind: 'opt_out', matched: repeated }
  const isShort = words.length <= wordsInRefusalMax
  const phrase = optOutPhrases.find((candidate) => holdsPhrase(words, candidate.split(' ')))
  if (phrase !== undefined) return { kind: isShort ? 'opt_out' : 'opt_out_doubt', matched: phrase }
  const beginning = doubtfulBeginnings.find((candidate) => beginsWith(words, candidate.split(' ')))
  const isHarmless = beginning === 'stop' && harmless.has(words[1] ?? '')
  if (!isShort || beginning === undefined || isHarmless || isFreed(beginning)) return undefined
  return { kind: 'opt_out_doubt', matched: beginning }
}

/** Compatibility forms, lower case, without punctuation and emoji, single spaces: `" S\u0054OP!! 🙏"` is `stop`. */
export function normalizeKeyword(body: string): string {
  return body
    .normalize('NFKC')
    .toLowerCase()
    .replace(/['’‘`´]|\u200d|\ufe0e|\ufe0f|\u20e3/g, '')
    .replace(/[^\p{L}\p{M}\p{N}]+/gu, ' ')
    .trim()
}

const packs = Object.values(wordPacks)
const optOutWords: ReadonlySet<string> = new Set(packs.flatMap((pack) => pack.optOut))
const optInWords: ReadonlySet<string> = new Set(packs.flatMap((pack): readonly string[] => pack.optIn))
const helpWords: ReadonlySet<string> = new Set(packs.flatMap((pack) => pack.help))
const againWords: ReadonlySet<string> = new Set(optInWordsWhileOptedOut)
const polite: ReadonlySet<string> = new Set(politeWords)
const negating: ReadonlySet<string> = new Set(negations)
const harmless: ReadonlySet<string> = new Set(harmlessAfterStop)
const legal: ReadonlySet<string> = new Set(legalOptOutWords)

function wholeTextKeyword(text: string): Keyword | undefined {
  if (optOutWords.has(text)) return { kind: 'opt_out', matched: text }
  if (optInWords.has(text)) return { kind: 'opt_in', matched: text }
  if (againWords.has(text)) return { kind: 'opt_in_if_opted_out', matched: text }
  if (helpWords.has(text)) return { kind: 'help', matched: text }
  return undefined
}

function optOutIn(line: string): Keyword | undefined {
  return optOutWords.has(line) ? { kind: 'opt_out', matched: line } : undefined
}

/** The law reaches numbers of the North American plan. */
function isFree(word: string, options: { readonly sender: E164; readonly freed?: readonly string[] }): boolean {
  if (options.freed === undefined || (options.sender.startsWith('+1') && legal.has(word))) return false
  return options.freed.some((freed) => normalizeKeyword(freed) === word)
}

function beginsWith(words: readonly string[], phrase: readonly string[]): boolean {
  return phrase.every((part, offset) => words[offset] === part)
}

function holdsPhrase(words: readonly string[], phrase: readonly string[]): boolean {
  return words.some(
    (_word, start) =>
      phrase.every((part, offset) => words[start + offset] === part) && !negating.has(words[start - 1] ?? ''),
  )
}
