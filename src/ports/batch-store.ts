/** Requests that hand over many messages at once. */
export interface BatchStore {
  /**
   * Takes the idempotency key of a whole batch. Of all requests that give it, one gets `taken`; the others `same` when
   * theirs is that request (by its hash), else `other`. Keys older than `forgetBefore` (Unix ms) are free again.
   */
  takeKey(params: {
    readonly organizationId: number
    readonly key: string
    readonly requestHash: string
    readonly now: number
    readonly forgetBefore: number
  }): Promise<'taken' | 'same' | 'other'>
}
