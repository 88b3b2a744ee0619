import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { rawAnswerOf } from './errors.ts'

/** What happens on a connection before and beside the requests that reach a route. */
export type Connections = {
  watch(server: Server): void
  /**
   * Node closes a connection over its own limit without a word, and callers deserve one. It is said in answer to their
   * request and not on connecting: a request that follows would else be carried out after its caller was told 503.
   */
  isOverLimit(socket: Socket): boolean
  /** Answers what cannot be parsed as HTTP, or does not come to an end. */
  refuse(error: Error & { code?: string }, socket: Socket): void
}

export function makeConnections(connectionsMax: number): Connections {
  const overLimit = new WeakSet<Socket>()
  const unanswered = new WeakMap<Socket, Set<ServerResponse>>()
  let open = 0

  function count(socket: Socket): void {
    open++
    socket.once('close', () => open--)
    if (open > connectionsMax) overLimit.add(socket)
  }

  function remember(request: IncomingMessage, response: ServerResponse): void {
    const responses = unanswered.get(request.socket) ?? new Set()
    unanswered.set(request.socket, responses.add(response))
    response.once('close', () => responses.delete(response))
  }

  return {
    watch(server) {
      server.maxConnections = 2 * connectionsMax
      server.on('connection', count)
      server.on('request', remember)
    },
    isOverLimit: (socket) => overLimit.has(socket),
    refuse(error, socket) {
      if (!socket.writable || error.code === 'ECONNRESET') {
        socket.destroy()
        return
      }
      const underWay = [...(unanswered.get(socket) ?? [])].filter((response) => response.req.complete)
      // An answer to the broken request would be read as the answer to the first one, whose text may be going out.
      for (const response of underWay) response.shouldKeepAlive = false
      if (underWay.length === 0) socket.end(rawAnswerOf(error.code))
    },
  }
}
