import { type WakeUpTopic, wakeUpTopics } from '../ports/wake-ups.ts'

export type Listeners = {
  add(topic: WakeUpTopic, listener: () => void): () => void
  call(topic: WakeUpTopic): void
  callAll(): void
}

/** Who listens to what. */
export function makeListeners(): Listeners {
  const listeners = new Map(wakeUpTopics.map((topic) => [topic, new Set<() => void>()]))

  function call(topic: WakeUpTopic): void {
    for (const listener of listeners.get(topic) ?? []) listener()
  }

  return {
    add(topic, listener) {
      // Of its own, so that one that is added twice is called twice.
      const entry = () => listener()
      listeners.get(topic)?.add(entry)
      return () => void listeners.get(topic)?.delete(entry)
    },
    call,
    callAll: () => wakeUpTopics.forEach(call),
  }
}
