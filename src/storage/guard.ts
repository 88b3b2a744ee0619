import type { Row } from './rows.ts'

/**
 * Whether a message that has a guard still holds back an identical send that was made at `createdAt`: for as long as its
 * window says, and beyond that while it is still being sent, since nobody has said yet what became of it.
 */
export function guardHolds(holder: Row, createdAt: number): boolean {
  return (
    holder.status === 'sending' ||
    Number(holder.guard_expires_at ?? 0) > createdAt ||
    Number(holder.duplicate_until ?? 0) > createdAt
  )
}
