import type { ServerResponse } from 'node:http'

const streamsMax = 20
/** A page that takes nothing is cut off when so much waits for it; it opens the stream again and reads anew. */
const unsentBytesMax = 256 * 1024

export type PhoneStreams = {
  /** False when too many are open: nothing was answered. */
  open(response: ServerResponse): boolean
  tell(message: { readonly event: string; readonly body: object }): void
}

/** What happens at the carrier, to every phone page that is open (server-sent events). */
export function makePhoneStreams(): PhoneStreams {
  const open = new Set<ServerResponse>()

  return {
    open(response) {
      if (open.size >= streamsMax) return false
      open.add(response)
      response.on('close', () => open.delete(response))
      response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
      response.write('retry: 1000\n\n')
      return true
    },
    tell({ event, body }) {
      const text = `event: ${event}\ndata: ${JSON.stringify(body)}\n\n`
      for (const response of open)
        if (response.writableLength > unsentBytesMax) response.destroy()
        else response.write(text)
    },
  }
}
