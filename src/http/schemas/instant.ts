const pattern = /^(\d{4}-\d\d-\d\d)T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,9})?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$/i

/**
 * An instant of RFC 3339 (section 5.6) in Unix milliseconds, what is finer cut off. Undefined for a day that no calendar
 * has, a time without a zone, and a leap second: clocks here do not know that one.
 */
export function parseInstant(text: string): number | undefined {
  const [whole, day] = pattern.exec(text) ?? []
  if (whole === undefined) return undefined
  const at = Date.parse(whole.toUpperCase())
  // Date.parse takes 31 February for 3 March.
  return Number.isNaN(at) || new Date(`${day}T00:00Z`).toISOString().slice(0, 10) !== day ? undefined : at
}
