import { closeSync, openSync, readFileSync, writeSync } from 'node:fs'
import { wallClockMs } from './wall-clock.ts'

/** What one text of a request was answered: its status, and the id it has or the code of its refusal. */
export type TextAnswer = { readonly index: number; readonly status: number; readonly word: string }

/** What the driver did and was told, as it happened. Times are Unix milliseconds. */
export type HistoryEntry =
  | {
      readonly kind: 'answered'
      readonly node: string
      readonly askedAt: number
      /** The connection of an earlier request for them broke, and that one had been carried out. */
      readonly isDoneBefore: boolean
      readonly answers: readonly TextAnswer[]
    }
  /** `again`: its caller may repeat it, and did. */
  | { readonly kind: 'failed'; readonly node: string; readonly cause: string; readonly again: boolean }
  | { readonly kind: 'opted_out'; readonly recipient: string; readonly askedAt: number }
  /** What a node said to a cancellation: whether the text will not leave. */
  | {
      readonly kind: 'cancel'
      readonly node: string
      readonly index: number
      readonly askedAt: number
      readonly canceled: boolean
    }
  | { readonly kind: FaultKind; readonly node: string }
  | { readonly kind: 'ended'; readonly node: string; readonly exitCode: number | null }

export const faultKinds = ['killed', 'frozen', 'thawed', 'terminated', 'restarted'] as const
export type FaultKind = (typeof faultKinds)[number]

export type DatedEntry = HistoryEntry & { readonly at: number }

export type History = {
  append(entry: HistoryEntry): void
  close(): void
}

/** One JSON line for each entry, written before the driver goes on. */
export function openHistory(path: string): History {
  const file = openSync(path, 'a')
  return {
    append: (entry) => void writeSync(file, `${JSON.stringify({ at: wallClockMs(), ...entry })}\n`),
    close: () => closeSync(file),
  }
}

export function parseHistory(path: string): DatedEntry[] {
  return linesOf(path).map((line) => JSON.parse(line) as DatedEntry)
}

/** A text that the carrier has taken. `node` is the port that its receipts are wanted at. */
export type CarriedText = {
  readonly at: number
  readonly sender: string
  readonly recipient: string
  readonly text: string
  readonly callback: string
}

export function parseLedger(path: string): CarriedText[] {
  return linesOf(path).map((line) => JSON.parse(line) as CarriedText)
}

function linesOf(path: string): string[] {
  return readFileSync(path, 'utf8').split('\n').slice(0, -1)
}
