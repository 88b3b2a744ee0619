/**
 * The words and phrases by which people refuse texts, agree again, or ask for help. Data: a change here is a change of
 * what counts as consent, so it gets a new version, which stands in the evidence of each opt-out.
 *
 * Words count only as the whole message, after `normalizeKeyword`. Sources:
 * - the seven of the FCC, 47 CFR 64.1200(a)(10): stop, quit, end, revoke, opt out, cancel, unsubscribe
 * - Twilio, https://help.twilio.com/articles/223134027: + stopall, optout; opt-in start, yes, unstop; help, info
 * - Telnyx, https://support.telnyx.com/en/articles/1270091: + stop all; opt-in start, unstop
 * - AWS, https://docs.aws.amazon.com/sms-voice/latest/userguide/keywords-required.html: + arret, opt-out, remove
 */
export const keywordDataVersion = '2026-11-24'

/** Words that the law of the United States names: no setting can give them another meaning there. */
export const legalOptOutWords = ['stop', 'quit', 'end', 'revoke', 'opt out', 'cancel', 'unsubscribe'] as const

export type WordPack = {
  readonly optOut: readonly string[]
  readonly optIn: readonly string[]
  readonly help: readonly string[]
}

/** By language. In each, `normalizeKeyword` changes nothing. */
export const wordPacks = {
  en: {
    optOut: [...legalOptOutWords, 'stopall', 'stop all', 'optout', 'remove'],
    optIn: ['start', 'unstop'],
    help: ['help', 'info'],
  },
  fr: {
    optOut: ['arret', 'arrêt', 'arreter', 'arrêter', 'desabonner', 'désabonner', 'desinscrire', 'désinscrire'],
    optIn: [],
    help: ['aide'],
  },
  es: {
    optOut: ['parar', 'alto', 'baja', 'cancelar', 'no mas', 'no más', 'detener', 'salir'],
    optIn: ['empezar', 'comenzar'],
    help: ['ayuda'],
  },
  pt: { optOut: ['parar', 'sair', 'cancelar', 'remover'], optIn: [], help: ['ajuda'] },
  de: { optOut: ['stopp', 'abmelden', 'abbestellen', 'kündigen'], optIn: [], help: ['hilfe'] },
  it: { optOut: ['ferma', 'cancella', 'annulla', 'disiscrivi'], optIn: [], help: ['aiuto'] },
} as const satisfies Record<string, WordPack>

/** An ordinary answer to an assistant, so it agrees again only for somebody who has opted out. */
export const optInWordsWhileOptedOut = ['yes', 'si', 'sí', 'oui', 'ja', 'sim'] as const

/** What a reasonable person reads as a refusal when it stands in a short text. */
export const optOutPhrases = [
  'stop texting',
  'stop texts',
  'stop the texts',
  'stop these',
  'stop all',
  'stop spamming',
  'i said stop',
  'to opt out',
  'to unsubscribe',
  'unsubscribe from',
  'stop messaging',
  'stop sending',
  'stop contacting',
  'stop bothering',
  'quit texting',
  'do not text me',
  'dont text me',
  'do not contact me',
  'dont contact me',
  'do not message me',
  'dont message me',
  'remove me',
  'remove my number',
  'delete my number',
  'take me off',
  'unsubscribe me',
  'opt me out',
  'no more texts',
  'no more messages',
  'leave me alone',
  'wrong number stop',
  'arretez de m',
  'no me escriban',
  'no me envien',
  'no me envíen',
  'dejen de',
] as const

/**
 * A short text that begins with one of these is at least a doubt ("Stop, you have the wrong number"), unless it goes on
 * in a way that speaks of something else ("stop by at five").
 */
export const doubtfulBeginnings = ['stop', 'unsubscribe', 'opt out'] as const
export const harmlessAfterStop = [
  'by',
  'at',
  'in',
  'on',
  'over',
  'off',
  'for',
  'here',
  'there',
  'sign',
  'light',
] as const

/** Before a phrase they turn it round: "don't stop texting me". */
export const negations = ['dont', 'not', 'never', 'didnt', 'cant'] as const

/** Beside an opt-out word they add nothing: "please stop, thanks". */
export const politeWords = [
  'please',
  'pls',
  'plz',
  'thanks',
  'thank',
  'you',
  'now',
  'ok',
  'okay',
  'just',
  'it',
] as const
