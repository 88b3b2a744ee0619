import type { SendOutcome } from '../../core/send-outcome.ts'
import type { HttpResult } from '../../net/http-client.ts'
import { memberOf, outcomeOf, shortText } from '../outcome.ts'
import { reasonByTelnyxCode } from './status.ts'

export function parseTelnyxAnswer(result: HttpResult, now: number): SendOutcome {
  return outcomeOf(
    result,
    {
      accepted: (body) => {
        const message = memberOf(body, 'data')
        const id = shortText(memberOf(message, 'id'))
        // The status stands with the recipient; there is none at the top.
        const status = shortText(memberOf(firstOf(memberOf(message, 'to')), 'status'))
        return id === undefined ? undefined : { id, status: status ?? 'queued' }
      },
      error: (body) => {
        const error = firstOf(memberOf(body, 'errors'))
        const code = memberOf(error, 'code')
        if (typeof code !== 'string' && typeof code !== 'number') return undefined
        const sentences = [memberOf(error, 'title'), memberOf(error, 'detail')]
        return {
          code: String(code).slice(0, 32),
          message: sentences.filter((sentence) => typeof sentence === 'string' && sentence !== '').join(': '),
        }
      },
      reasonByCode: reasonByTelnyxCode,
      ambiguousCodes: new Set(['10007', '10008']),
    },
    now,
  )
}

function firstOf(list: unknown): unknown {
  return Array.isArray(list) ? list[0] : undefined
}
