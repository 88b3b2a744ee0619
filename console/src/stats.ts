export type AccountCheck = {
  readonly ok: boolean
  readonly checks: readonly {
    readonly name: string
    readonly ok: boolean
    readonly detail: string
    readonly advice: string | null
  }[]
}
export async function checkAccount(_id: number): Promise<AccountCheck> {
  return { ok: true, checks: [] }
}
export function useImpact(): Readonly<Record<string, number>> {
  return {}
}
