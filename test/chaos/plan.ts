import { makeRandom } from './random.ts'

export type PlannedSender = {
  readonly phoneNumber: string
  readonly provider: 'twilio' | 'telnyx'
  readonly segmentsPerSecond: number
}

export type PlannedText = {
  readonly index: number
  readonly sender: PlannedSender
  readonly recipient: string
  /** Begins with its index and a space, and is like no other. */
  readonly text: string
  readonly segmentCount: number
}

/** What is handed over: every number has as much to send as takes it the same time at its pace. */
export type Plan = {
  readonly seed: number
  readonly senders: readonly PlannedSender[]
  readonly textCount: number
  text(index: number): PlannedText
}

/** Equal in number; the third sort is twice as fast as the first. */
const paceWeights = [2, 3, 4]
/** Segments of a number's texts, in turn: most are short, some long. */
const segmentCounts = [1, 1, 2, 1, 3, 1, 1, 2, 1, 1, 1, 2, 1, 1, 1, 3, 1, 1, 1, 10]
const recipientsPerSenderMin = 10
const textsPerRecipient = 10

/** Plain text: 160 characters are one segment, and of more each carries 153. */
const charactersAlone = 160
const charactersJoined = 153
const shortestText = 24

export function makePlan(params: {
  readonly textCount: number
  readonly senderCount: number
  /** Of the slowest numbers. */
  readonly segmentsPerSecondMin: number
  readonly seed: number
}): Plan {
  const { textCount, senderCount, seed } = params
  const senders = Array.from({ length: senderCount }, (_, place): PlannedSender => {
    const weight = paceWeights[place % paceWeights.length] ?? 1
    return {
      phoneNumber: `+1202556${1_000 + place}`,
      provider: place % 2 === 0 ? 'twilio' : 'telnyx',
      segmentsPerSecond: (params.segmentsPerSecondMin * weight) / (paceWeights[0] ?? 1),
    }
  })
  const owners = interleaved(senders, textCount)
  const recipientsPerSender = Math.max(recipientsPerSenderMin, Math.floor(textCount / senderCount / textsPerRecipient))
  return {
    seed,
    senders,
    textCount,
    text(index) {
      const { place = 0, ordinal = 0 } = owners[index] ?? {}
      const sender = senders[place]
      const segmentCount = segmentCounts[ordinal % segmentCounts.length]
      if (sender === undefined || segmentCount === undefined) throw new Error(`there is no text ${index}`)
      const person = place * recipientsPerSender + (ordinal % recipientsPerSender)
      const recipient = `+1303${String(5_550_000 + person)}`
      return { index, sender, recipient, text: textOf(index, segmentCount, makeRandom(seed + index)()), segmentCount }
    },
  }
}

/** Whose each text is, and which of theirs: in turn, faster numbers oftener. */
function interleaved(senders: readonly PlannedSender[], textCount: number) {
  const counts = senders.map(() => 0)
  const owners: { readonly place: number; readonly ordinal: number }[] = []
  while (owners.length < textCount) {
    let next = 0
    for (let place = 1; place < senders.length; place++)
      if (shareOf(senders, counts, place) < shareOf(senders, counts, next)) next = place
    const ordinal = counts[next] ?? 0
    counts[next] = ordinal + 1
    owners.push({ place: next, ordinal })
  }
  return owners
}

/** How far the number would be through its time with one more text. */
function shareOf(senders: readonly PlannedSender[], counts: readonly number[], place: number): number {
  return ((counts[place] ?? 0) + 1) / (senders[place]?.segmentsPerSecond ?? 1)
}

function textOf(index: number, segmentCount: number, chance: number): string {
  const longest = segmentCount === 1 ? charactersAlone : segmentCount * charactersJoined
  const tooShort =
    segmentCount === 1 ? shortestText - 1 : Math.max(charactersAlone, (segmentCount - 1) * charactersJoined)
  const length = longest - Math.floor(chance * (longest - tooShort))
  return `${index} `.padEnd(length, 'The table for two is ready and waits for you. ')
}
