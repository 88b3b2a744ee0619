import type { CarriedMessage, Carrier } from './carrier.ts'
import { magicRecipients } from './magic-recipients.ts'

const rowsMax = 200

/** The ledger for a person: plain HTML, no script, everything that came from outside escaped. */
export function ledgerPage(carrier: Carrier, latencyMs: number): string {
  const messages = carrier.list()
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="5">
<title>Textbridge carrier</title>
<style>
  :root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }
  body { margin: 2rem auto; max-width: 70rem; padding: 0 1rem; }
  h1 { font-size: 1.4rem; margin: 0; } h2 { font-size: 1.05rem; margin-top: 2.5rem; }
  p { margin: .3rem 0 1rem; opacity: .8; }
  .wide { overflow-x: auto; }
  table { border-collapse: collapse; width: 100%; }
  th, td { text-align: left; vertical-align: top; padding: .4rem .8rem .4rem 0; border-bottom: 1px solid #8884; }
  th { font-weight: 600; white-space: nowrap; }
  td.body { white-space: pre-wrap; overflow-wrap: anywhere; min-width: 14rem; }
  code { font: 13px ui-monospace, monospace; white-space: nowrap; }
  .empty { padding: 2rem; text-align: center; border: 1px dashed #8888; border-radius: 6px; }
</style>
</head>
<body>
<h1>Carrier ledger</h1>
<p>${messages.length} accepted of ${carrier.requestCount()} send requests. Answers are held back ${latencyMs} ms. As JSON: <a href="/ledger">/ledger</a>. To read and answer them: <a href="/phone">the phone</a>.</p>
${messages.length === 0 ? '<p class="empty">No text yet. Send one, and it appears here.</p>' : tableOf(messages.slice(0, rowsMax))}
${messages.length > rowsMax ? `<p>The newest ${rowsMax} of ${messages.length}.</p>` : ''}
<h2>Magic recipients</h2>
<p>A text to one of these plays a fault.</p>
<div class="wide"><table><tbody>
${magicRecipients.map(({ number, does }) => `<tr><td><code>${number}</code></td><td>${does}</td></tr>`).join('\n')}
</tbody></table></div>
</body>
</html>
`
}

function tableOf(messages: readonly CarriedMessage[]): string {
  return `<div class="wide"><table>
<thead><tr><th>Time</th><th>Provider</th><th>From</th><th>To</th><th>Text</th><th>Segments</th><th>Status</th></tr></thead>
<tbody>
${messages.map(rowOf).join('\n')}
</tbody></table></div>`
}

function rowOf(message: CarriedMessage): string {
  const media = message.mediaUrls.map((url) => `\n📎 ${url}`).join('')
  return `<tr><td>${new Date(message.createdAt).toISOString().slice(11, 19)}</td><td>${message.provider}</td><td><code>${escapeHtml(message.sender)}</code></td><td><code>${escapeHtml(message.recipient)}</code></td><td class="body">${escapeHtml(message.body + media)}</td><td>${message.segmentCount}</td><td>${message.status}</td></tr>`
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}
