/** Also of more values than a call takes arguments. */
export function mostOf(values: readonly number[]): number {
  return values.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY)
}

export function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((left, right) => left - right)
  return rounded(sorted[Math.floor(part * (sorted.length - 1))] ?? 0)
}

export function rounded(value: number): number {
  return Math.round(value * 10) / 10
}

const sentencesShownMax = 20

export function firstOf(sentences: readonly string[]): readonly string[] {
  const shown = sentences.slice(0, sentencesShownMax)
  return shown.length < sentences.length ? [...shown, `${sentences.length} in all`] : sentences
}
