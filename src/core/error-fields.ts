import { SmsError } from './errors.ts'

/**
 * What of an error may stand in a log. Only our own sentences are kept whole: the text of any other error may quote a
 * body, a number or a secret, so of those the name, the code and the places in the code remain.
 */
export function errorFields(error: unknown): { error: string; errorCode?: string; cause?: string; stack?: string } {
  if (error instanceof SmsError)
    return {
      error: error.message,
      errorCode: error.code,
      ...(error.cause === undefined ? {} : { cause: errorFields(error.cause).error }),
    }
  if (!(error instanceof Error)) return { error: typeof error }
  const code = 'code' in error ? String(error.code) : undefined
  return {
    error: code === undefined ? error.name : `${error.name} ${code}`,
    stack: (error.stack ?? '')
      .split('\n')
      .filter((line) => line.startsWith('    at '))
      .slice(0, 12)
      .map((line) => line.trim())
      .join(' < '),
  }
}
