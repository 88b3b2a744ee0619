import type { WakeUps, WakeUpTopic } from '../../ports/wake-ups.ts'
import { makeListeners } from '../listeners.ts'
import type { Database } from './database.ts'

/** All listeners are in this process. What a transaction tells is heard right after its commit. */
export type SqliteWakeUps = WakeUps & {
  /** Only inside a transaction. */
  notify(topic: WakeUpTopic): void
  committed(): void
  undone(): void
}

/** Called inside a transaction: whoever listens hears of it once that is committed. */
export function notify({ wakeUps }: Pick<Database, 'wakeUps'>, topic: WakeUpTopic): void {
  wakeUps.notify(topic)
}

export function makeWakeUps(): SqliteWakeUps {
  const listeners = makeListeners()
  const told = new Set<WakeUpTopic>()
  return {
    listen: (topic, listener) => listeners.add(topic, listener),
    tell: (topic) => listeners.call(topic),
    notify: (topic) => void told.add(topic),
    committed() {
      for (const topic of told) listeners.call(topic)
      told.clear()
    },
    undone: () => told.clear(),
  }
}
