import type { Assistant } from '../core/organization.ts'
import type { Clock } from '../ports/clock.ts'
import type { EventEndpoint } from '../ports/event-store.ts'
import type { Random } from '../ports/random.ts'
import type { Store } from '../ports/store.ts'
import { makeEndpointSecret } from './event-endpoint-secrets.ts'

/** Whether the endpoint is what the assistant's `sms_webhook_url` asks for. */
export function isEndpointOf(
  endpoint: EventEndpoint | undefined,
  wanted: { readonly url: string | undefined; readonly trusted: boolean },
): boolean {
  return endpoint?.url === wanted.url && (endpoint === undefined || endpoint.trusted || !wanted.trusted)
}

/**
 * Makes, changes or removes the endpoint that an assistant's inbound texts go to, after the assistant was made or
 * changed. Doing it again changes nothing. `trusted`: the address comes from the operator's own file; an address once
 * trusted stays so while it stays the same.
 */
export async function ensureAssistantEndpoint(
  { store, clock, random }: { readonly store: Pick<Store, 'events'>; readonly clock: Clock; readonly random: Random },
  { assistant, trusted }: { readonly assistant: Assistant; readonly trusted: boolean },
): Promise<void> {
  const { organizationId, id: assistantId, smsWebhookUrl: url } = assistant
  const present = await store.events.findAssistantEndpoint(organizationId, assistantId)
  if (isEndpointOf(present, { url, trusted })) return
  const now = clock.now()
  if (url === undefined) {
    if (present !== undefined) await store.events.removeEndpoint(organizationId, present.id)
  } else if (present === undefined)
    await store.events.createEndpoint({
      organizationId,
      assistantId,
      url,
      types: [],
      secrets: [makeEndpointSecret(random)],
      ordered: true,
      trusted,
      createdAt: now,
      updatedAt: now,
    })
  else
    await store.events.changeEndpoint(organizationId, present.id, ({ disabledAt, ...rest }) => ({
      ...rest,
      url,
      trusted: trusted || (rest.trusted && rest.url === url),
      // A new address is worth a try, whatever the old one said.
      ...(disabledAt === undefined || rest.url !== url ? {} : { disabledAt }),
      updatedAt: now,
    }))
}
