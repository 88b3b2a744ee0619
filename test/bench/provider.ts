import { randomBytes } from 'node:crypto'
import { createServer } from 'node:net'
import { numberIn } from './child.ts'
import { makeFrameReader } from './http-frames.ts'

/** Accepts every message as Twilio does, after a latency that the parent sets. */
let latencyMs = 0
const run = randomBytes(13).toString('hex')
let accepted = 0

const server = createServer({ noDelay: true }, (socket) => {
  const answer = () => socket.write(answerText())
  socket.on(
    'data',
    makeFrameReader(() => {
      if (latencyMs === 0) answer()
      else setTimeout(answer, latencyMs)
    }),
  )
  socket.on('error', () => socket.destroy())
})

function answerText(): string {
  accepted++
  const body = JSON.stringify({
    account_sid: 'AC1',
    api_version: '2010-04-01',
    date_created: 'Thu, 24 Aug 2023 05:01:45 +0000',
    direction: 'outbound-api',
    error_code: null,
    error_message: null,
    num_media: '0',
    num_segments: '1',
    sid: `SM${run.slice(0, 24)}${accepted.toString(16).padStart(8, '0')}`,
    status: 'queued',
  })
  return `HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`
}

process.on('message', (question) => {
  latencyMs = numberIn(question, 'latencyMs')
  process.send?.({ latencyMs, accepted })
})
// Nobody is left to stop it.
process.on('disconnect', () => process.exit())
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  if (address !== null && typeof address === 'object') process.send?.({ port: address.port })
})
