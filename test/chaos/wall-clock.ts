/** Unix milliseconds with fractions, steady within a process; processes of one machine agree on it. */
export function wallClockMs(): number {
  return performance.timeOrigin + performance.now()
}
