import type { AuditEntry } from '../core/audit.ts'
import type { QueueHold } from '../core/queue-hold.ts'

/** Whether the queue waits for a person to say go (`core/queue-hold.ts`). One for all organizations of a database. */
export interface QueueStateStore {
  /**
   * A process works on this database: to be called before anything is taken from the queue, and then every few seconds.
   * Holds the queue where it must be held. A hold stands until `resume`, whatever comes after.
   * @returns the hold, if there is one.
   */
  beat(params: { readonly now: number; readonly standstillMs?: number | undefined }): Promise<QueueHold | undefined>
  findHold(): Promise<QueueHold | undefined>
  /**
   * A person says go: the hold ends, what waits goes out, and the entry is written with that.
   * @returns false when nothing was held; then nothing is written.
   */
  resume(params: { readonly now: number; readonly audit: AuditEntry }): Promise<boolean>
}
