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
      // 14107 is not among them. It stops two programs that text each other, where each repetition prolongs the loop and a
      // slower number only punishes others; and of the text itself Twilio has said both that it fails and that it is held.
      tooFastCodes: new Set(['20429', '21611']),
    },
    sent,
  )
}
