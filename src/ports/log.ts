export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>

/**
 * One line per fact: an event name (`message.sent`) and ids. Never a body, a phone number, a key or a secret; an error
 * is given by `errorFields`, which keeps its text only when it is our own.
 */
export interface Log {
  debug(event: string, fields?: LogFields): void
  info(event: string, fields?: LogFields): void
  warn(event: string, fields?: LogFields): void
  error(event: string, fields?: LogFields): void
}
