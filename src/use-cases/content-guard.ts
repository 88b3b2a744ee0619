import { hash } from 'node:crypto'
import { guardContent } from '../core/content.ts'
import type { Message } from '../core/message.ts'

/** As `NewSend.guard`. Half of SHA-256: 128 bits make an accidental match of two texts impossible in practice. */
export function guardOf(message: Message): string {
  return hash('sha256', guardContent(message), 'hex').slice(0, 32)
}
