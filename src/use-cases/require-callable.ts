import { SmsError } from '../core/errors.ts'
import type { JudgeAddress } from '../ports/event-sender.ts'

/**
 * The rest is checked on every connection, when the name is looked up. @throws SmsError `invalid_request`, naming the
 * field.
 */
export function requireCallable(
  judgeAddress: JudgeAddress,
  { name, url }: { readonly name: string; readonly url: string },
): 'trusted' | 'public' {
  const judged = judgeAddress(url)
  if (judged === 'refused')
    throw new SmsError(
      'invalid_request',
      `${name} must be an https URL on a public address, without user name and password.`,
    )
  return judged
}
