import type { SendOutcome } from '../../core/send-outcome.ts'
import type { HttpResult } from '../../net/http-client.ts'
import { outcomeOf, type Sent } from '../outcome.ts'
import { codeText, memberOf, sentenceOf, shortText } from '../reading.ts'
import { reasonByTwilioCode } from './status.ts'

export function parseTwilioAnswer(result: HttpResult, sent: Sent): SendOutcome {
  return outcomeOf(
    result,
    {
      accepted: (body) => {
        const id = shortText(memberOf(body, 'sid'))
        return id === undefined ? undefined : { id, status: shortText(memberOf(body, 'status')) ?? 'accepted' }
      },
      error: (body) => {
        const code = codeText(memberOf(body, 'code'))
        // Bodies of Twilio's newer kind have a title and a detail in the place of the message.
        const sentences = [memberOf(body, 'message'), memberOf(body, 'title'), memberOf(body, 'detail')]
        return code === undefined ? undefined : { code, message: sentenceOf(...sentences) }
      },
      reasonByCode: reasonByTwilioCode,
      ambiguousCodes: new Set(['20500', '20503']),
    },
    sent,
  )
}
