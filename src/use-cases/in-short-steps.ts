import type { Clock } from '../ports/clock.ts'

/**
 * Repeats a step until it says that nothing is left. After each it rests `restShare` times as long as the step took, so that
 * what runs beside it has that share of the time to itself. Ends early when the signal aborts.
 */
export async function inShortSteps(
  params: { readonly clock: Clock; readonly restShare: number; readonly stopping: AbortSignal },
  step: () => Promise<'more' | 'done'>,
): Promise<void> {
  const { clock, restShare, stopping } = params
  while (!stopping.aborted) {
    const startedAt = clock.monotonicMs()
    if ((await step()) === 'done') return
    const tookMs = clock.monotonicMs() - startedAt
    if (tookMs > 0) await clock.sleep(restShare * tookMs, stopping)
  }
}
