/** How a body is carried: 7-bit septets of the GSM alphabet, or 16-bit UCS-2 units. */
export type Encoding = 'gsm-7' | 'ucs-2'

export type Segments = {
  readonly encoding: Encoding
  readonly segmentCount: number
  /** Septets or 16-bit units of the whole body. */
  readonly unitCount: number
  /** The distinct characters outside the GSM alphabet, in order of their appearance; none for `gsm-7`. */
  readonly forcedBy: readonly string[]
}

/** Units of a body that fits one segment; and of each segment when it needs more, less the joining header. */
const unitsAlone = { 'gsm-7': 160, 'ucs-2': 70 } as const
const unitsJoined = { 'gsm-7': 153, 'ucs-2': 67 } as const
/** What Telnyx advises as the most parts of one text. */
const segmentsAdvisedMax = 10

// GSM 03.38 basic alphabet and extension table; an extension character costs an escape septet of its own.
const basicAlphabet =
  '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà'
const extensionAlphabet = '\f^{}\\[~]|€'

const septetsByCodeUnit = new Uint8Array(0x10000)
for (const character of basicAlphabet) septetsByCodeUnit[character.charCodeAt(0)] = 1
for (const character of extensionAlphabet) septetsByCodeUnit[character.charCodeAt(0)] = 2

/**
 * Counts as Twilio does: neither an escape pair, a surrogate pair nor a grapheme cluster straddles two segments.
 * `notCarried` are characters of the GSM alphabet that a provider does not carry as GSM-7 all the same.
 */
export function segmentsOf(body: string, notCarried = ''): Segments {
  let unitCount = 0
  for (let index = 0; index < body.length; index++) {
    const septets = septetsIn(body, index, notCarried)
    if (septets === 0) return ucs2SegmentsOf(body, notCarried)
    unitCount += septets
  }
  const segmentCount = unitCount <= unitsAlone['gsm-7'] ? 1 : countJoined(gsmUnits(body), unitsJoined['gsm-7'])
  return { encoding: 'gsm-7', segmentCount, unitCount, forcedBy: [] }
}

/** What may surprise about how a body is carried. */
export function warningsFor({ encoding, segmentCount, forcedBy }: Segments): string[] {
  const warnings: string[] = []
  const listed = forcedBy.slice(0, 5)
  if (encoding === 'ucs-2')
    warnings.push(
      `Carried as UCS-2 (70 characters a segment instead of 160) because of: ${listed.join(' ')}${forcedBy.length > listed.length ? ' …' : ''}`,
    )
  if (segmentCount > segmentsAdvisedMax)
    warnings.push(`${segmentCount} segments: carriers may drop or split texts of more than ${segmentsAdvisedMax}.`)
  return warnings
}

/** 0 for what is not in the alphabet. */
function septetsIn(text: string, index: number, notCarried: string): number {
  const codeUnit = text.charCodeAt(index)
  // What providers leave out is never ASCII, so most texts cost no search.
  if (codeUnit > 0x7f && notCarried.includes(text.charAt(index))) return 0
  return septetsByCodeUnit[codeUnit] ?? 0
}

function ucs2SegmentsOf(body: string, notCarried: string): Segments {
  const forcedBy = new Set<string>()
  for (const character of body) {
    if (character.length > 1 || septetsIn(character, 0, notCarried) === 0) forcedBy.add(character)
  }
  const segmentCount = body.length <= unitsAlone['ucs-2'] ? 1 : countJoined(clusterUnits(body), unitsJoined['ucs-2'])
  return { encoding: 'ucs-2', segmentCount, unitCount: body.length, forcedBy: [...forcedBy] }
}

/** Fills segments with pieces that must not be split; `pieces` are their sizes, each at most `capacity`. */
function countJoined(pieces: Iterable<number>, capacity: number): number {
  let segmentCount = 1
  let used = 0
  for (const units of pieces) {
    if (used + units > capacity) {
      segmentCount++
      used = 0
    }
    used += units
  }
  return segmentCount
}

function* gsmUnits(body: string): Iterable<number> {
  for (let index = 0; index < body.length; index++) yield septetsByCodeUnit[body.charCodeAt(index)] ?? 0
}

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' })

function* clusterUnits(body: string): Iterable<number> {
  for (const { segment } of graphemes.segment(body)) {
    if (segment.length <= unitsJoined['ucs-2']) yield segment.length
    // A cluster longer than a segment has to be split; its surrogate pairs do not.
    else for (const character of segment) yield character.length
  }
}
