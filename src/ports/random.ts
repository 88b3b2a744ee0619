export interface Random {
  /** Bytes fit for secrets. */
  bytes(count: number): Uint8Array
  /** From 0 to 1, for jitter. */
  chance(): number
}
