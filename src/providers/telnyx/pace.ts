import type { ProviderPaces } from '../../core/sender-pace.ts'

/**
 * https://developers.telnyx.com/docs/messaging/messages/rate-limiting, read 2026-11: it lets texts out at these paces,
 * from queues of four hours; a full one refuses (40318). Long codes have 0.1 to countries outside the United States,
 * which is taken for the pace of numbers from there. To the United States their registered campaign decides, from 15 a
 * minute up to thousands: 1 a second is no fact of Telnyx but a careful default, and what was registered is set at the
 * number.
 */
const segmentsPerSecond = { toll_free: 20, short_code: 1_000 }

export const telnyxPaces: ProviderPaces = {
  segmentsPerSecond: {
    northAmerican: { long_code: 1, ...segmentsPerSecond },
    other: { long_code: 0.1, ...segmentsPerSecond },
  },
  account: { smsPerSecond: 50, mmsPerSecond: 15 },
}
