import type { ProviderAccount } from '../../src/core/organization.ts'

const common = { id: 1, organizationId: 1, name: 'main', pacing: {}, createdAt: 0, updatedAt: 0 }

export function twilioProviderAccount(differences: Partial<ProviderAccount> = {}): ProviderAccount {
  return {
    ...common,
    provider: 'twilio',
    settings: { account_sid: 'AC00000000000000000000000000000000' },
    secrets: { auth_token: '0123456789abcdef0123456789abcdef' },
    ...differences,
  }
}

/** Its public key belongs to a seed of 32 bytes 0x07. */
export function telnyxProviderAccount(differences: Partial<ProviderAccount> = {}): ProviderAccount {
  return {
    ...common,
    provider: 'telnyx',
    settings: { public_key: '6kpsY+KcUgq+9VB7Ey7F+ZVHdq6+vnuSQh7qaRRG0iw=' },
    secrets: { api_key: 'KEY0123456789_abc' },
    ...differences,
  }
}
