import type { ProviderPaces } from '../../core/sender-pace.ts'

/**
 * Twilio's article 115002943027 ("Understanding Twilio Rate Limits and Message Queues"), read 2026-11: it takes texts
 * faster and lets them out at these paces, from a queue of ten hours for each number; beyond that it refuses (21611).
 * Not told apart here: registered campaigns (10DLC) share a pace of their own, and to countries outside the United
 * States and Canada an older copy of the article allows long codes and toll-free numbers 10. Both are set at the number.
 */
const segmentsPerSecond = { long_code: 1, toll_free: 3, short_code: 100 }

export const twilioPaces: ProviderPaces = {
  segmentsPerSecond: { northAmerican: segmentsPerSecond, other: segmentsPerSecond },
  account: {},
}
