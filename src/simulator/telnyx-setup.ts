import type { TelnyxAccount } from './telnyx.ts'

const createdAt = '2026-01-01T00:00:00.000Z'

/** What `doctor` and the console ask of an account: https://developers.telnyx.com/api/messaging/list-messaging-profiles */
export function profileOf(
  { messagingProfileId, numbers }: TelnyxAccount,
  inboundUrls: ReadonlyMap<string, string>,
): object {
  const [number = ''] = numbers
  return {
    record_type: 'messaging_profile',
    id: messagingProfileId,
    name: 'Simulated',
    enabled: true,
    // One for all numbers of the profile there; here each has its own, and those of one account are alike.
    webhook_url: inboundUrls.get(number) ?? null,
    webhook_failover_url: null,
    webhook_api_version: '2',
    whitelisted_destinations: ['*'],
    created_at: createdAt,
    updated_at: createdAt,
  }
}

export function numbersOf({ numbers, messagingProfileId }: TelnyxAccount): object[] {
  return numbers.map((number) => ({
    record_type: 'messaging_settings',
    id: number.slice(1),
    phone_number: number,
    messaging_profile_id: messagingProfileId,
    country_code: 'US',
    type: 'long-code',
    health: { message_count: 0, inbound_outbound_ratio: 0, success_ratio: 1, spam_ratio: 0 },
    eligible_messaging_products: ['A2P'],
    traffic_type: 'A2P',
    messaging_product: 'A2P',
    features: {
      sms: { domestic_two_way: true, international_inbound: true, international_outbound: true },
      mms: null,
    },
    created_at: createdAt,
    updated_at: createdAt,
  }))
}
