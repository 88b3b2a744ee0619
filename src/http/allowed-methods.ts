import type { App } from './fastify.ts'

export type AllowedMethods = {
  /** What an address takes, in order; undefined when no route has this address. */
  of(url: string): readonly string[] | undefined
  /** Of a route with this very address and no parameter in it: it goes before those whose parameter would fit. */
  ofExact(url: string): readonly string[] | undefined
}

/** Gathers the methods of every route registered from now on. */
export function collectMethods(app: App): AllowedMethods {
  const methodsByPattern = new Map<string, Set<string>>()
  app.addHook('onRoute', ({ url, method }) => {
    const methods = methodsByPattern.get(url) ?? new Set()
    for (const name of [method].flat()) methods.add(name)
    methodsByPattern.set(url, methods)
  })
  const ofExact = (url: string) => sorted(methodsByPattern.get(pathOf(url)) ?? [])
  return {
    ofExact,
    of(url) {
      const path = pathOf(url)
      const fitting = [...methodsByPattern].filter(([pattern]) => matches(pattern, path))
      return ofExact(url) ?? sorted(fitting.flatMap(([, methods]) => [...methods]))
    },
  }
}

function pathOf(url: string): string {
  return url.replace(/\?.*$/, '').replace(/(?<=.)\/$/, '')
}

function sorted(methods: Iterable<string>): readonly string[] | undefined {
  const all = [...new Set(methods)].sort()
  return all.length === 0 ? undefined : all
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
