import { createServer } from 'node:http'
import { Pool } from 'undici'

/**
 * The yardstick: the least that a Node process can do between the same two wires. JSON in, form out, JSON in, JSON
 * out; nothing is checked, stored or logged. The pool is set like the service's own.
 */
const [providerUrl = ''] = process.argv.slice(2)
const pool = new Pool(providerUrl, { connections: 256, pipelining: 1 })
const headers = {
  accept: 'application/json',
  authorization: `Basic ${Buffer.from('AC1:token').toString('base64')}`,
  'content-type': 'application/x-www-form-urlencoded',
}

const server = createServer((request, response) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', async () => {
    const asked = JSON.parse(Buffer.concat(chunks).toString()) as Record<string, string>
    const answer = await pool.request({
      method: 'POST',
      path: '/2010-04-01/Accounts/AC1/Messages.json',
      headers,
      body: `To=${encodeURIComponent(asked.to_phone_number ?? '')}&From=${encodeURIComponent(asked.from_phone_number ?? '')}&Body=${encodeURIComponent(asked.message ?? '')}`,
    })
    const said = (await answer.body.json()) as Record<string, unknown>
    const text = JSON.stringify({
      success: true,
      message_id: said.sid,
      message: 'SMS sent successfully via twilio',
      provider: 'twilio',
    })
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }).end(text)
  })
})
server.listen(0, '127.0.0.1')
process.on('SIGTERM', () => process.exit())
