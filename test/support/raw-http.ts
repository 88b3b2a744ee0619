import { connect, type Socket } from 'node:net'

export type RawAnswer = { readonly status: number; readonly headers: string; readonly body: unknown }

/** A connection on which a test can write what no client would. */
export async function openConnection(url: string): Promise<Socket> {
  const { hostname, port } = new URL(url)
  const socket = connect({ host: hostname, port: Number(port) })
  // A peer that refuses early may reset the connection; what it said before is still read.
  socket.on('error', () => undefined)
  await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject))
  return socket
}

/** Writes the parts and reads all answers until the service closes the connection. */
export async function exchange(url: string, ...parts: readonly (string | Buffer)[]): Promise<RawAnswer[]> {
  const socket = await openConnection(url)
  for (const part of parts) socket.write(part)
  return parseAnswers(await readToEnd(socket))
}

/** What arrives until the other side ends or resets. */
export async function readToEnd(socket: Socket): Promise<string> {
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  await new Promise<void>((resolve) => socket.once('close', () => resolve()))
  return Buffer.concat(chunks).toString('utf8')
}

/** Answers with a Content-Length, one after the other, as they stand on the wire. */
export function parseAnswers(wire: string): RawAnswer[] {
  const answers: RawAnswer[] = []
  let rest = Buffer.from(wire)
  while (rest.length > 0) {
    const headEnd = rest.indexOf('\r\n\r\n')
    if (headEnd < 0) throw new Error(`not an HTTP answer: ${rest}`)
    const headers = rest.subarray(0, headEnd).toString('latin1')
    const length = Number(/content-length: *(\d+)/i.exec(headers)?.[1] ?? 0)
    const body = rest.subarray(headEnd + 4, headEnd + 4 + length).toString('utf8')
    rest = rest.subarray(headEnd + 4 + length)
    answers.push({
      status: Number(/^HTTP\/1\.[01] (\d{3})/.exec(headers)?.[1]),
      headers,
      body: /content-type: *application\/json/i.test(headers) && body !== '' ? JSON.parse(body) : body,
    })
  }
  return answers
}
