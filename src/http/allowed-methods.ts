import type { App } from './fastify.ts'

/**
 * Gathers the methods of every route registered from now on.
 * @returns what an address takes, in order; undefined when no route has this address.
 */
export function collectMethods(app: App): (url: string) => readonly string[] | undefined {
  const methodsByPattern = new Map<string, Set<string>>()
  app.addHook('onRoute', ({ url, method }) => {
    const methods = methodsByPattern.get(url) ?? new Set()
    for (const name of [method].flat()) methods.add(name)
    methodsByPattern.set(url, methods)
  })
  return (url) => {
    const path = url.replace(/\?.*$/, '')
    const methods = [...methodsByPattern]
      .filter(([pattern]) => matches(pattern, path))
      .flatMap(([, names]) => [...names])
    return methods.length === 0 ? undefined : [...new Set(methods)].sort()
  }
}

/** As the router does: `:name` is one segment, `*` the rest, a slash at the end means nothing. */
function matches(pattern: string, path: string): boolean {
  const [wanted, given] = [pattern, path].map((text) => text.replace(/\/$/, '').split('/'))
  if (wanted === undefined || given === undefined) return false
  const rest = wanted.indexOf('*')
  if (rest < 0 && wanted.length !== given.length) return false
  return (rest < 0 ? wanted : wanted.slice(0, rest)).every(
    (segment, index) => segment === given[index] || (segment.startsWith(':') && Boolean(given[index])),
  )
}
