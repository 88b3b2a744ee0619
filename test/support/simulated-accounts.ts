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
