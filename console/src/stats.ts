import { useLoad } from './loading.ts'

type Share = { readonly total: number; readonly delivered: number; readonly failed: number }

/** Answers of routes that docs/openapi.json does not have yet. */
export type StatsOperations = {
  'GET /api/v1/stats/overview': {
    path: object
    query: { readonly period?: '24h' | '7d' | '30d' }
    body: undefined
    answer: {
      readonly bucket_seconds: number
      readonly volume: readonly ({ readonly at: string } & { readonly [status: string]: number | string })[]
      readonly totals: { readonly [status: string]: number }
      readonly delivery_rate: number | null
      readonly failures: readonly { readonly reason: string; readonly count: number; readonly advice: string }[]
      readonly unknown: number
      readonly waiting: { readonly queued: number; readonly scheduled: number; readonly held: number }
      readonly oldest_waiting_seconds: number | null
      readonly per_assistant: readonly ({ readonly assistant_id: number; readonly name: string | null } & Share)[]
      readonly per_provider: readonly ({ readonly provider: string } & Share)[]
    }
  }
  'GET /api/v1/policy/impact': {
    path: object
    query: { readonly days?: number }
    body: undefined
    answer: { readonly rules: readonly { readonly rule: string; readonly count: number }[] }
  }
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

export const impactDays = 7

/** How many texts each rule would have stopped lately, by its name; nothing while that is being counted. */
export function useImpact(): Readonly<Record<string, number>> {
  const { data } = useLoad('GET /api/v1/policy/impact', { query: { days: impactDays } })
  return Object.fromEntries((data?.rules ?? []).map(({ rule, count }) => [rule, count]))
}
