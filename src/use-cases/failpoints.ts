/** Where a crash test may stop the process: each lies between two durable steps of the send path. */
export const failpointNames = [
  'before_accept_commit',
  'after_accept_commit',
  'after_dispatch_commit',
  'after_response',
  'before_outcome_commit',
  'after_outcome_commit',
] as const

export type FailpointName = (typeof failpointNames)[number]

/** In production nothing happens at any of them. */
export type Failpoints = { reach(name: FailpointName): Promise<void> | void }

export const noFailpoints: Failpoints = { reach: () => undefined }
