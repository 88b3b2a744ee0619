import type { AuditEntry } from '../core/audit.ts'

export type AuditRecord = AuditEntry & {
  /** Grows with time. */
  readonly key: number
}

/** What operators did, kept for ever. Changes of settings write their entry in the commit of the change itself. */
export interface AuditStore {
  append(entry: AuditEntry): Promise<void>
  /** Newest first. `before` is the key of the last record of the page before. */
  list(organizationId: number, page: { readonly limit: number; readonly before?: number }): Promise<AuditRecord[]>
}

/** What to write about a change, or nothing. Pure; called inside the transaction of the change. */
export type Audit<T> = (before: T, after: T) => AuditEntry | undefined
