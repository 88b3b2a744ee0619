import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

export type TcpProxy = {
  readonly port: number
  /** Cuts the next connection whose client sends this text, before or after passing it on. */
  cutAt(text: string, when: 'before' | 'after'): void
  /** How many connections were cut so. */
  readonly cuts: () => number
  close(): Promise<void>
}

/** Stands between a client and a server, and breaks connections at a chosen moment. */
export async function startTcpProxy(target: { readonly host: string; readonly port: number }): Promise<TcpProxy> {
  let cut: { readonly text: string; readonly when: 'before' | 'after' } | undefined
  let cuts = 0
  const sockets = new Set<Socket>()

  const server = createServer((client) => {
    const upstream = connect(target)
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => {
        sockets.delete(socket)
        client.destroy()
        upstream.destroy()
      })
    }
    upstream.on('data', (chunk) => void client.write(chunk))
    client.on('data', (chunk) => {
      if (cut === undefined || !chunk.includes(cut.text)) {
        upstream.write(chunk)
        return
      }
      const { when } = cut
      cut = undefined
      cuts++
      // The client hears nothing more; the server may have got the whole request.
      client.destroy()
      if (when === 'after') upstream.end(chunk)
      else upstream.destroy()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    cutAt(text, when) {
      cut = { text, when }
    },
    cuts: () => cuts,
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
