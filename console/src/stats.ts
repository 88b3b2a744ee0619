/** Answers of routes that docs/openapi.json does not have yet. */
export type StatsOperations = {
  'POST /api/v1/provider-accounts/{account_id}/check': {
    path: { readonly account_id: number }
    query: object
    body: undefined
    answer: AccountCheck
  }
}

export type AccountCheck = {
  readonly ok: boolean
  readonly checks: readonly {
    readonly name: string
    readonly ok: boolean
    readonly detail: string
    readonly advice?: string | null
  }[]
}
