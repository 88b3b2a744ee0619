/** One HTTP/1.1 message whose length its head tells. */
export type Frame = { readonly head: string; readonly body: string }

/**
 * Cuts a stream of bytes into HTTP messages. It knows only what the peers of this benchmark send: Content-Length and
 * ASCII. In place of a full HTTP client it leaves the second core to the service under test.
 */
export function makeFrameReader(onFrame: (frame: Frame) => void): (chunk: Buffer) => void {
  let pending = ''
  return (chunk) => {
    pending += chunk.toString('latin1')
    for (;;) {
      const headLength = pending.indexOf('\r\n\r\n')
      if (headLength === -1) return
      const head = pending.slice(0, headLength)
      const end = headLength + 4 + contentLengthOf(head)
      if (pending.length < end) return
      const body = pending.slice(headLength + 4, end)
      pending = pending.slice(end)
      onFrame({ head, body })
    }
  }
}

function contentLengthOf(head: string): number {
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1]
  if (length === undefined) throw new Error(`a message without Content-Length: ${head}`)
  return Number(length)
}
