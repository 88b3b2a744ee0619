export const timeZoneLengthMax = 64

/**
 * Whether it is a name of the IANA time zone database, as far as this runtime knows it, in letters of either case. Plain
 * offsets (`+05:30`) are none: they know no daylight saving.
 */
export function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z]/.test(name) || name.length > timeZoneLengthMax) return false
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch (error) {
    if (error instanceof RangeError) return false
    throw error
  }
}
