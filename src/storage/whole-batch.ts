/**
 * Idempotency keys of whole batches stand among those of messages, under a route of their own and with no message: each
 * message of a batch has its own key beside.
 */
export const wholeBatchRoute = 'sms.batch.whole'
