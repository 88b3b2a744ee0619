import type { Clock } from '../ports/clock.ts'
import type { Carrier, InboundText } from './carrier.ts'
import type { Poster } from './poster.ts'
import type { Settings } from './settings.ts'
import type { WireApi } from './wire-api.ts'

/** What a person sends. */
export type PersonalText = {
  readonly from: string
  readonly to: string
  readonly body: string
  readonly media?: readonly { readonly contentType: string; readonly content: Uint8Array }[]
  /** How often the provider reports it; a provider may do so twice. */
  readonly times?: number
}

export const bodyLengthMax = 20_000
export const mediaCountMax = 10
export const timesMax = 5

/** Undefined when no account has the number. */
export type SendText = (text: PersonalText) => InboundText | undefined

/** People text the numbers of the accounts; each text is reported to the number's inbound URL. */
export function makePeople(parts: {
  readonly apis: readonly WireApi[]
  readonly carrier: Carrier
  readonly settings: Settings
  readonly poster: Poster
  readonly clock: Clock
}): SendText {
  const { apis, carrier, settings, poster, clock } = parts

  return ({ from, to, body, media = [], times = 1 }) => {
    const api = apis.find((candidate) => candidate.accountOf(to) !== undefined)
    const accountId = api?.accountOf(to)
    if (api === undefined || accountId === undefined) return undefined
    const answered = settings.handlesKeywords ? keywordIn(api, body) : undefined
    const pair = { accountId, number: to, person: from }
    if (answered === 'STOP') carrier.stop(api.stopScope, pair)
    if (answered === 'START') carrier.start(api.stopScope, pair)
    const url = settings.inboundUrls.get(to)
    const text: InboundText = {
      ...pair,
      id: api.inboundId(media.length > 0),
      provider: api.provider,
      body,
      media: media.map((medium) => ({ ...medium, id: api.mediumId() })),
      ...(answered === undefined ? {} : { answered }),
      createdAt: clock.now(),
      webhook: url === undefined ? 'none' : 'pending',
    }
    carrier.receive(text)
    if (url !== undefined) void poster.run(() => report(api, text, { url, times }))
    return text
  }

  async function report(
    api: WireApi,
    text: InboundText,
    { url, times }: { url: string; times: number },
  ): Promise<void> {
    const webhook = api.inboundOf(text, url)
    if (webhook === undefined) return
    const posting = { provider: api.provider, accountId: text.accountId, url, webhook, repeats: api.repeats.inbound }
    let isTaken = false
    for (let time = 0; time < times; time++) isTaken = (await poster.post(posting)) || isTaken
    carrier.report(text, isTaken ? 'delivered' : 'failed')
  }
}

function keywordIn({ keywords }: WireApi, body: string): InboundText['answered'] {
  const word = body.trim().toUpperCase()
  if (keywords.STOP.includes(word)) return 'STOP'
  if (keywords.START.includes(word)) return 'START'
  return keywords.HELP.includes(word) ? 'HELP' : undefined
}
