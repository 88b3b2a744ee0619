import pino from 'pino'
import type { Log } from '../ports/log.ts'

/** JSON lines with an ISO time, the level's name and the event. `destination` is stdout unless a test gives another. */
export function makeLog(params: { readonly level: string; readonly destination?: pino.DestinationStream }): Log {
  const options: pino.LoggerOptions = {
    level: params.level,
    base: null,
    messageKey: 'event',
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
  }
  const logger = params.destination === undefined ? pino(options) : pino(options, params.destination)
  return {
    debug: (event, fields = {}) => logger.debug(fields, event),
    info: (event, fields = {}) => logger.info(fields, event),
    warn: (event, fields = {}) => logger.warn(fields, event),
    error: (event, fields = {}) => logger.error(fields, event),
  }
}
