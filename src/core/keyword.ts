import {
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
  const isFreed = (word: string) => isFree(word, options)
  const alone = wholeTextKeyword(text)
  if (alone !== undefined) return alone.kind === 'opt_out' && isFreed(alone.matched) ? undefined : alone
  const words = text.split(' ', wordsSearchedMax)
  const kept = words.filter((word) => !polite.has(word)).join(' ')
  if (optOutWords.has(kept) && !isFreed(kept)) return { kind: 'opt_out', matched: kept }
  const phrase = optOutPhrases.find((candidate) => holdsPhrase(words, candidate.split(' ')))
  if (phrase === undefined) return undefined
  return { kind: words.length <= wordsInRefusalMax ? 'opt_out' : 'opt_out_doubt', matched: phrase }
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
const legal: ReadonlySet<string> = new Set(legalOptOutWords)

function wholeTextKeyword(text: string): Keyword | undefined {
  if (optOutWords.has(text)) return { kind: 'opt_out', matched: text }
  if (optInWords.has(text)) return { kind: 'opt_in', matched: text }
  if (againWords.has(text)) return { kind: 'opt_in_if_opted_out', matched: text }
  if (helpWords.has(text)) return { kind: 'help', matched: text }
  return undefined
}

/** The law reaches numbers of the North American plan. */
function isFree(word: string, options: { readonly sender: E164; readonly freed?: readonly string[] }): boolean {
  if (options.freed === undefined || (options.sender.startsWith('+1') && legal.has(word))) return false
  return options.freed.some((freed) => normalizeKeyword(freed) === word)
}

function holdsPhrase(words: readonly string[], phrase: readonly string[]): boolean {
  return words.some(
    (_word, start) =>
      phrase.every((part, offset) => words[start + offset] === part) && !negating.has(words[start - 1] ?? ''),
  )
}
