/** Answers of routes that docs/openapi.json does not have yet. */
export type StatsOperations = {
  'GET /api/v1/policy/impact': {
    path: object
    query: { readonly days?: number }
    body: undefined
    answer: { readonly days: number; readonly complete: boolean; readonly rules: readonly RuleImpact[] }
  }
  'POST /api/v1/provider-accounts/{account_id}/check': {
    path: { readonly account_id: number }
    query: object
    body: undefined
    answer: AccountCheck
  }
}

export type RuleImpact = {
  readonly rule: string
  readonly source: 'policy' | 'guarded' | null
  readonly would_stop: number
  readonly example_ids: readonly string[]
  readonly did_stop: number
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
