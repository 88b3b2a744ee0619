/** What is kept of every act of an operator that steers sending, or says who may. */
export const auditActions = [
  'policy.changed',
  'retention.changed',
  'pace.changed',
  'paused',
  'resumed',
  'queue.resumed',
  'message.approved',
  'message.refused',
  'message.resolved',
  'opt_out.added',
  'opt_out.removed',
  'opt_out.imported',
  'person.erased',
  'api_key.created',
  'api_key.changed',
  'api_key.revoked',
  'user.created',
  'user.changed',
  'user.removed',
  'user.link_made',
  'user.password_set',
] as const
export type AuditAction = (typeof auditActions)[number]

export type AuditEntry = {
  readonly organizationId: number
  /** Unix milliseconds. */
  readonly occurredAt: number
  /** Who did it: `API key 3 (deploy)`, `user 3 (Ann)`, or `the command line`. */
  readonly actor: string
  readonly action: AuditAction
  /** To what: `organization`, `assistant 7`, `message msg_…`. Never a phone number: entries are kept for ever. */
  readonly subject: string
  /** What else there is to say; with a change, `before` and `after`. No text of a message, no phone number, no secret. */
  readonly data: AuditData
}

/** Plain JSON. */
export type AuditData = { readonly [name: string]: unknown }

/** Of the reason or the note that a person gives with an act. */
export const auditNoteLengthMax = 200
