import type { SendOutcome } from '../../core/send-outcome.ts'
import type { HttpResult } from '../../net/http-client.ts'
import { memberOf, outcomeOf, shortText } from '../outcome.ts'
import { reasonByTwilioCode } from './status.ts'

export function parseTwilioAnswer(result: HttpResult, now: number): SendOutcome {
  return outcomeOf(
    result,
    {
      accepted: (body) => {
        const id = shortText(memberOf(body, 'sid'))
        return id === undefined ? undefined : { id, status: shortText(memberOf(body, 'status')) ?? 'accepted' }
      },
      error: (body) => {
        const code = memberOf(body, 'code')
        const message = memberOf(body, 'message')
        return typeof code === 'number' && typeof message === 'string' ? { code: String(code), message } : undefined
      },
      reasonByCode: reasonByTwilioCode,
      ambiguousCodes: new Set(['20500', '20503']),
    },
    now,
  )
}
