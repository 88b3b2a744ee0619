import assert from 'node:assert/strict'
import type { Store } from '../../src/ports/store.ts'
import type { TelnyxAccount } from '../../src/simulator/telnyx.ts'
import type { TwilioAccount } from '../../src/simulator/twilio.ts'

export const twilioAccount: TwilioAccount = {
  provider: 'twilio',
  accountSid: 'AC00000000000000000000000000000000',
  authToken: '0123456789abcdef0123456789abcdef',
  apiKey: { sid: 'SK00000000000000000000000000000000', secret: 'secret of the key' },
  messagingServiceSids: ['MG00000000000000000000000000000000'],
  numbers: ['+12025550142'],
}

export const telnyxAccount: TelnyxAccount = {
  provider: 'telnyx',
  apiKey: 'KEY0123456789',
  signingSeed: new Uint8Array(32).fill(7),
  messagingProfileId: '16fd2706-8baf-433b-82eb-8c7fada847da',
  numbers: ['+12025550143'],
}

/** As the operator's file would: over HTTP no account gets the address of a simulator. @returns its id. */
export async function addSimulatedAccount(
  store: Store,
  params: {
    readonly organization: string
    readonly name: string
    readonly provider: 'twilio' | 'telnyx'
    readonly baseUrls: { readonly twilio: string; readonly telnyx: string }
  },
): Promise<number> {
  const { organization, name, provider, baseUrls } = params
  const owner = await store.organizations.findByName(organization)
  assert.ok(owner !== undefined)
  const { accountSid: account_sid, authToken: auth_token } = twilioAccount
  const { id } = await store.accounts.create({
    organizationId: owner.id,
    name,
    provider,
    baseUrl: baseUrls[provider],
    settings: provider === 'twilio' ? { account_sid } : {},
    secrets: provider === 'twilio' ? { auth_token } : { api_key: telnyxAccount.apiKey },
    pacing: {},
    createdAt: 1,
    updatedAt: 1,
  })
  return id
}
