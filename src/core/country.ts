import { areas, tollFreeCodes } from './area-codes.ts'
import { prefixesByCountry } from './country-codes.ts'
import { countriesByZone } from './country-zones.ts'

type Place = { readonly country: string; readonly zones: readonly string[] }

const placeByPrefix = new Map<string, Place>()

for (const [country, prefixes] of Object.entries(prefixesByCountry))
  addPlace(prefixes, { country, zones: zonesOfCountry(country) })
for (const [region, zones, codes] of areas)
  addPlace(codes, { country: region.slice(0, 2), zones: zones.split(' ') }, '1')
addPlace(tollFreeCodes, { country: 'US', zones: unitedStatesZones() }, '1')

const prefixDigitsMax = Math.max(...[...placeByPrefix.keys()].map((prefix) => prefix.length))

/**
 * Country or territory of a number by its first digits (ISO 3166-1 alpha-2, `XK` for Kosovo): Puerto Rico is not `US`,
 * Jersey not `GB`. Undefined when the digits name none, such as +1555, or a service of no country. Whether the rest is a
 * number that exists is not looked at.
 */
export function countryOf(number: string): string | undefined {
  return placeOf(number)?.country
}

/**
 * The IANA zones where the person may be, by the number alone: several when its area code or country has several, none
 * when nothing can be told. People who have moved keep their number, so this is a guess that a known zone replaces.
 */
export function zonesOf(number: string): readonly string[] {
  return placeOf(number)?.zones ?? []
}

export function isTollFree(number: string): boolean {
  return tollFreePrefixes.has(number.slice(0, 5))
}

const tollFreePrefixes: ReadonlySet<string> = new Set(tollFreeCodes.split(' ').map((code) => `+1${code}`))

function placeOf(number: string): Place | undefined {
  for (let length = prefixDigitsMax; length > 0; length--) {
    const place = placeByPrefix.get(number.slice(1, 1 + length))
    if (place !== undefined) return place
  }
  return undefined
}

function addPlace(prefixes: string, place: Place, callingCode = ''): void {
  for (const prefix of prefixes.split(' ')) placeByPrefix.set(callingCode + prefix, place)
}

function zonesOfCountry(country: string): string[] {
  return Object.keys(countriesByZone).filter((zone) => countriesByZone[zone]?.split(' ').includes(country))
}

function unitedStatesZones(): string[] {
  const states = areas.filter(([region]) => region.startsWith('US-'))
  return [...new Set(states.flatMap(([, zones]) => zones.split(' ')))]
}
