import { createHmac } from 'node:crypto'

export const secretPrefix = 'whsec_'

/**
 * The headers of Standard Webhooks (https://www.standardwebhooks.com), one signature for each secret: whoever knows
 * any of them can verify, so a secret can be changed without a gap.
 */
export function signedHeaders(params: {
  readonly secrets: readonly string[]
  readonly webhookId: string
  readonly at: number
  readonly body: string
}): Record<string, string> {
  const { secrets, webhookId, at, body } = params
  const timestamp = String(Math.floor(at / 1_000))
  const signatures = secrets.map((secret) => {
    const key = Buffer.from(secret.replace(secretPrefix, ''), 'base64')
    return `v1,${createHmac('sha256', key).update(`${webhookId}.${timestamp}.${body}`).digest('base64')}`
  })
  return { 'webhook-id': webhookId, 'webhook-timestamp': timestamp, 'webhook-signature': signatures.join(' ') }
}
