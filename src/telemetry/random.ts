import { randomFillSync } from 'node:crypto'
import type { Random } from '../ports/random.ts'

const drawnBytes = 4_096

export const systemRandom: Random = makeSystemRandom()

/** Asking the system costs as much for 16 bytes as for 4,096. No byte is handed out twice. */
function makeSystemRandom(): Random {
  let unused = new Uint8Array(0)
  return {
    bytes(count) {
      if (count > unused.length) unused = randomFillSync(new Uint8Array(Math.max(drawnBytes, count)))
      const bytes = unused.subarray(0, count)
      unused = unused.subarray(count)
      return bytes
    },
    chance: () => Math.random(),
  }
}
