/**
 * `queue`: something waits to be sent, or may go on after something held it up. `inbound`: a person has texted, so there
 * may be something to be answered, fetched and told.
 */
export const wakeUpTopics = ['queue', 'inbound'] as const
export type WakeUpTopic = (typeof wakeUpTopics)[number]

/**
 * Tells processes at once of work that others committed. Only a hint, which may come late, twice or never: whoever
 * listens looks by itself from time to time too.
 */
export interface WakeUps {
  /**
   * `listener` is called after a commit of this or another process that told of the topic, and whenever one may have
   * gone unheard. It must not throw. @returns what ends that.
   */
  listen(topic: WakeUpTopic, listener: () => void): () => void
  /**
   * To be called after a commit, as often as there is something to tell: what is told in a short while is told once.
   * Listeners of this process may be called or not; it knows by itself.
   */
  tell(topic: WakeUpTopic): void
}
