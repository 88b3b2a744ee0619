import { parse } from 'yaml'
import { at } from './service-client.ts'

/** A compose file as one value: anchors merged, `${NAME}` filled in. */
export type Compose = { readonly value: unknown; readonly services: readonly string[] }

/** @throws Error when a variable is missing that the file requires (`${NAME:?}`). */
export function parseCompose(text: string, variables: Readonly<Record<string, string>>): Compose {
  const value: unknown = parse(text.replace(/^\s*#.*$/gm, ''), { merge: true })
  const filled: unknown = JSON.parse(JSON.stringify(value), (_name, part) =>
    typeof part === 'string' ? fill(part, variables) : part,
  )
  return { value: filled, services: Object.keys(Object(at(filled, 'services'))) }
}

/** The variables that a compose file takes from outside. */
export function variablesOf(text: string): string[] {
  return [...new Set([...text.matchAll(/\$\{(\w+)/g)].map(([, name = '']) => name))].sort()
}

/** What compose would give to a container of this service, over what its image has. */
export function environmentOf(compose: Compose, service: string): Record<string, string> {
  const pairs = Object.entries(Object(at(compose.value, 'services', service, 'environment')))
  return Object.fromEntries(pairs.map(([name, value]) => [name, String(value)]))
}

/** `60s` and `2m` in seconds. */
export function secondsOf(duration: unknown): number {
  const [, count, unit] = /^(\d+)(s|m)$/.exec(String(duration)) ?? []
  if (count === undefined) throw new Error(`${duration} is no duration that this test reads`)
  return Number(count) * (unit === 'm' ? 60 : 1)
}

// https://docs.docker.com/reference/compose-file/interpolation/
function fill(text: string, variables: Readonly<Record<string, string>>): string {
  return text.replace(/\$\{(\w+)(?::([-?])([^}]*))?\}/g, (_all, name: string, kind?: string, rest = '') => {
    const value = variables[name]
    if (value !== undefined && value !== '') return value
    if (kind === '?') throw new Error(`${name} is required`)
    return rest
  })
}
