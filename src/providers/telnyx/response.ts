import type { SendOutcome } from '../../core/send-outcome.ts'
import type { HttpResult } from '../../net/http-client.ts'
import { outcomeOf, type Sent } from '../outcome.ts'
import { codeText, listOf, memberOf, sentenceOf, shortText } from '../reading.ts'
import { reasonByTelnyxCode } from './status.ts'

export function parseTelnyxAnswer(result: HttpResult, sent: Sent): SendOutcome {
  return outcomeOf(
    result,
    {
      accepted: (body) => {
        const message = memberOf(body, 'data')
        const id = shortText(memberOf(message, 'id'))
        // The status stands with the recipient; there is none at the top.
        const status = shortText(memberOf(listOf(memberOf(message, 'to'))[0], 'status'))
        return id === undefined ? undefined : { id, status: status ?? 'queued' }
      },
      error: (body) => {
        const error = listOf(memberOf(body, 'errors'))[0]
        const code = codeText(memberOf(error, 'code'))
        const sentences = [memberOf(error, 'title'), memberOf(error, 'detail')]
        return code === undefined ? undefined : { code, message: sentenceOf(...sentences) }
      },
      reasonByCode: reasonByTelnyxCode,
      ambiguousCodes: new Set(['10007', '10008']),
      tooFastCodes: new Set(['10011', '40318']),
    },
    sent,
  )
}
