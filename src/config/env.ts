export type Env = Readonly<Record<string, string | undefined>>

/** The only reader of the environment. */
export function readEnv(): Env {
  return { ...process.env }
}
