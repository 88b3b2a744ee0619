/** Numbers, times and words as the reader's browser writes them. */
export function formatNumber(value: number): string {
  return value.toLocaleString()
}

export function formatShare(share: number): string {
  return share.toLocaleString(undefined, { style: 'percent', maximumFractionDigits: 1 })
}

export function formatTime(time: string): string {
  return new Date(time).toLocaleString(undefined, {
    ...{ year: 'numeric', month: 'short', day: 'numeric' },
    ...{ hour: '2-digit', minute: '2-digit', second: '2-digit' },
  })
}

/** Of today the time alone, of this year without the year. */
export function formatShortTime(time: string, now = new Date()): string {
  const date = new Date(time)
  const clock = { hour: '2-digit', minute: '2-digit' } as const
  if (date.toDateString() === now.toDateString())
    return date.toLocaleTimeString(undefined, { ...clock, second: '2-digit' })
  if (date.getFullYear() === now.getFullYear())
    return date.toLocaleString(undefined, { month: 'short', day: 'numeric', ...clock })
  return date.toLocaleDateString(undefined, { year: 'numeric', month: 'short', day: 'numeric' })
}

export function formatDay(time: string): string {
  return new Date(time).toLocaleDateString(undefined, {
    weekday: 'long',
    year: 'numeric',
    month: 'long',
    day: 'numeric',
  })
}

/** `95` as "1 min 35 s": the two largest units. */
export function formatSeconds(seconds: number): string {
  const units = [
    ['d', 86_400],
    ['h', 3_600],
    ['min', 60],
    ['s', 1],
  ] as const
  let rest = Math.max(0, Math.round(seconds))
  const parts: string[] = []
  for (const [unit, length] of units) {
    const count = Math.floor(rest / length)
    rest -= count * length
    if (count > 0 || (unit === 's' && parts.length === 0)) parts.push(`${formatNumber(count)} ${unit}`)
  }
  return parts.slice(0, 2).join(' ')
}

/** `carrier_filtered` as "carrier filtered". */
export function words(code: string): string {
  return code.replaceAll('_', ' ')
}

export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${formatNumber(count)} ${count === 1 ? one : many}`
}

/** Does not break at the end of a line. */
const space = '\u00a0'

/** A number of +1 in its customary groups, any other as it is. */
export function formatPhone(number: string): string {
  const american = /^\+1(\d{3})(\d{3})(\d{4})$/.exec(number)
  if (american !== null) return `+1${space}${american[1]}${space}${american[2]}${space}${american[3]}`
  return number
}
