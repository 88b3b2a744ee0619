/** How a refusal is called here; each wire API has its own code and sentence for it. */
export const refusals = [
  'invalid_recipient',
  'no_route',
  'country_not_enabled',
  'opted_out',
  'landline',
  'wrong_credentials',
  'rate_limited',
  'queue_full',
] as const
export type Refusal = (typeof refusals)[number]

/** How an accepted message ends, and what is odd about the receipts that say so. */
export type ReceiptPlan = {
  readonly end: 'delivered' | 'unreachable' | 'filtered' | 'none'
  readonly order: 'usual' | 'reversed'
  /** Each receipt comes this often. */
  readonly times: 1 | 2
  /** How many times longer than usual each move takes. */
  readonly slowness: 1 | 20
  /** One more receipt comes first, which is not the provider's and claims delivery. */
  readonly forged?: Forgery
}

export type Forgery = 'unsigned' | 'wrong_key'

/** What the carrier does with a text to one recipient. */
export type Behaviour = {
  readonly refusal?: Refusal
  /** Only with `rate_limited`: the header, in seconds. */
  readonly retryAfterSeconds?: number
  /** Every second request to this recipient is treated as an ordinary one. */
  readonly alternates?: true
  /** Whether the text goes out (and stands in the ledger) although its answer is not usable. */
  readonly accepts: boolean
  readonly answer: 'usual' | 'server_error' | 'reset' | 'hang' | 'truncated' | 'html' | 'slow' | 'after_receipts'
  readonly receipts: ReceiptPlan
}

export type MagicRecipient = { readonly number: string; readonly does: string; readonly behaviour: Behaviour }

const delivered: ReceiptPlan = { end: 'delivered', order: 'usual', times: 1, slowness: 1 }
export const ordinary: Behaviour = { accepts: true, answer: 'usual', receipts: delivered }

function refuses(refusal: Refusal, more: Partial<Behaviour> = {}): Behaviour {
  return { refusal, accepts: false, answer: 'usual', receipts: delivered, ...more }
}

function breaks(answer: Behaviour['answer'], accepts: boolean, receipts: Partial<ReceiptPlan> = {}): Behaviour {
  return { accepts, answer, receipts: { ...delivered, ...receipts } }
}

function ends(receipts: Partial<ReceiptPlan>): Behaviour {
  return { accepts: true, answer: 'usual', receipts: { ...delivered, ...receipts } }
}

function forges(forged: Forgery): Behaviour {
  return ends({ end: 'none', forged })
}

/**
 * The one table of magic recipients, also shown on the page and in docs/simulator.md. The first five mean the same as
 * Twilio's own test numbers: https://www.twilio.com/docs/iam/test-credentials
 */
export const magicRecipients: readonly MagicRecipient[] = [
  ['+15005550001', 'refused: the number is not valid', refuses('invalid_recipient')],
  ['+15005550002', 'refused: no route to this number', refuses('no_route')],
  ['+15005550003', 'refused: the country is not enabled', refuses('country_not_enabled')],
  ['+15005550004', 'refused: the recipient has opted out', refuses('opted_out')],
  ['+15005550009', 'refused: a landline', refuses('landline')],
  ['+15005550401', 'refused: the credentials are wrong', refuses('wrong_credentials')],
  ['+15005550420', 'refused: the queue of the sender is full', refuses('queue_full')],
  [
    '+15005550421',
    'refused: the queue of the sender is full, and accepted when asked again (then again refused)',
    refuses('queue_full', { alternates: true }),
  ],
  ['+15005550429', '429 without Retry-After, always', refuses('rate_limited')],
  ['+15005550430', '429 with Retry-After: 1, always', refuses('rate_limited', { retryAfterSeconds: 1 })],
  [
    '+15005550431',
    '429 with Retry-After: 1, and accepted when asked again (then again 429)',
    refuses('rate_limited', { retryAfterSeconds: 1, alternates: true }),
  ],
  ['+15005550500', '500 before accepting', breaks('server_error', false)],
  ['+15005550501', '500 after accepting', breaks('server_error', true)],
  ['+15005550510', 'connection reset before accepting', breaks('reset', false)],
  ['+15005550511', 'connection reset after accepting', breaks('reset', true)],
  [
    '+15005550512',
    'connection reset after accepting, and no receipt ever comes',
    breaks('reset', true, { end: 'none' }),
  ],
  [
    '+15005550513',
    'connection reset after accepting, then undelivered: handset off',
    breaks('reset', true, { end: 'unreachable' }),
  ],
  ['+15005550520', 'never answers, not accepted', breaks('hang', false)],
  ['+15005550521', 'never answers, accepted', breaks('hang', true)],
  ['+15005550530', 'accepted, the answer is cut short', breaks('truncated', true)],
  ['+15005550531', 'accepted, answers 200 with an HTML page', breaks('html', true)],
  ['+15005550532', 'accepted, the answer trickles in, a byte each second', breaks('slow', true)],
  ['+15005550600', 'accepted, no receipt ever comes', ends({ end: 'none' })],
  ['+15005550601', 'accepted, then undelivered: handset off', ends({ end: 'unreachable' })],
  ['+15005550602', 'accepted, then undelivered: filtered', ends({ end: 'filtered' })],
  ['+15005550603', 'delivered, receipts in reverse order', ends({ order: 'reversed' })],
  ['+15005550604', 'delivered, each receipt comes twice', ends({ times: 2 })],
  ['+15005550605', 'delivered, receipts come late (20 times as slow)', ends({ slowness: 20 })],
  ['+15005550606', 'accepted, and all that comes is an unsigned receipt that claims delivery', forges('unsigned')],
  ['+15005550607', 'accepted, and all that comes is a receipt signed with a wrong key', forges('wrong_key')],
  ['+15005550608', 'delivered, receipts come before the answer', breaks('after_receipts', true)],
].map(([number, does, behaviour]) => ({ number, does, behaviour }) as MagicRecipient)

const magicByNumber = new Map(magicRecipients.map((magic) => [magic.number, magic]))

export function findMagicRecipient(number: string): MagicRecipient | undefined {
  return magicByNumber.get(number)
}

export function behaviourFor(recipient: string): Behaviour {
  return findMagicRecipient(recipient)?.behaviour ?? ordinary
}
