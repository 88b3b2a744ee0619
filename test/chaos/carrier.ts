/**
 * A carrier in a process of its own, which is never killed. It accepts every text on both providers' wires and appends it
 * to its ledger before it answers. Arguments: the file of the ledger, and how many milliseconds each answer takes.
 * Tells its parent its port and, when asked, how many texts it has accepted, and of how many of a node (`url`: where it
 * wants its receipts) the answer is not out yet.
 */
import { openSync, writeSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { wallClockMs } from './wall-clock.ts'

const [ledgerPath = '', latency] = process.argv.slice(2)
const latencyMs = Number(latency)
const ledger = openSync(ledgerPath, 'a')
let accepted = 0
const open = new Set<Fields>()

type Fields = { readonly sender: string; readonly recipient: string; readonly text: string; readonly callback: string }

function readTwilio(body: string): Fields {
  const form = new URLSearchParams(body)
  const field = (name: string) => form.get(name) ?? ''
  return { sender: field('From'), recipient: field('To'), text: field('Body'), callback: field('StatusCallback') }
}

function readTelnyx(body: string): Fields {
  const { from, to, text, webhook_url } = JSON.parse(body) as Record<string, string>
  return { sender: from ?? '', recipient: to ?? '', text: text ?? '', callback: webhook_url ?? '' }
}

function accept(isTwilio: boolean, body: string) {
  const fields = isTwilio ? readTwilio(body) : readTelnyx(body)
  writeSync(ledger, `${JSON.stringify({ at: wallClockMs(), ...fields })}\n`)
  accepted++
  open.add(fields)
  const id = `SM${String(accepted).padStart(32, '0')}`
  return isTwilio
    ? { fields, status: 201, answer: { sid: id, status: 'queued' } }
    : { fields, status: 200, answer: { data: { id, to: [{ status: 'queued' }] } } }
}

function respond(request: IncomingMessage, response: ServerResponse, body: string): void {
  const isTwilio = request.url?.endsWith('/Messages.json') === true
  // It offers no list: evidence of what it took is in its ledger only.
  const isSend = request.method === 'POST' && (isTwilio || request.url === '/v2/messages')
  const { fields, status, answer } = isSend ? accept(isTwilio, body) : { fields: undefined, status: 404, answer: {} }
  const text = JSON.stringify(answer)
  setTimeout(() => {
    if (fields !== undefined) open.delete(fields)
    response.writeHead(status, { 'content-type': 'application/json', 'content-length': text.length }).end(text)
  }, latencyMs)
}

const server = createServer({ keepAliveTimeout: 0 }, (request, response) => {
  let body = ''
  request.setEncoding('utf8').on('data', (chunk: string) => {
    body += chunk
  })
  request.on('end', () => respond(request, response, body))
})
process.on('message', (question) => {
  const url: unknown = Reflect.get(Object(question), 'url')
  const ofNode = [...open].filter(({ callback }) => callback.startsWith(`${url}/`))
  process.send?.({ accepted, open: ofNode.length })
})
// Nobody is left to stop it.
process.on('disconnect', () => process.exit())
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  if (address !== null && typeof address === 'object') process.send?.({ port: address.port })
})
