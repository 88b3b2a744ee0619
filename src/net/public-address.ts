import ipaddr from 'ipaddr.js'

/** Networks (CIDR) that an operator allows although they are not public. */
export type AllowedNetworks = readonly ReturnType<typeof ipaddr.parseCIDR>[]

/** @throws Error when an entry is no CIDR. */
export function parseNetworks(networks: readonly string[]): AllowedNetworks {
  return networks.map((network) => ipaddr.parseCIDR(network))
}

/** Of what ipaddr.js calls unicast, what still does not lead to one machine on the public internet. */
const exceptions = parseNetworks([
  // Deprecated 6to4 relays, AS112 and AMT, benchmarks: https://www.iana.org/assignments/iana-ipv4-special-registry
  '192.88.99.0/24',
  '192.31.196.0/24',
  '192.52.193.0/24',
  '192.175.48.0/24',
  '198.18.0.0/15',
  '240.0.0.0/4',
  // Protocol assignments (Teredo, benchmarks, ORCHID), documentation, 6to4:
  // https://www.iana.org/assignments/iana-ipv6-special-registry
  '2001::/23',
  '2001:db8::/32',
  '2002::/16',
  '2620:4f:8000::/48',
  '3fff::/20',
])
/** Everything that is routed on the IPv6 internet; NAT64, mapped and compatible addresses lie outside. */
const globalIpv6 = parseNetworks(['2000::/3'])

/** Whether an address (not a name) may be dialled for others. */
export function isPublicAddress(text: string, allowed: AllowedNetworks = []): boolean {
  if (!ipaddr.isValid(text)) return false
  const address = ipaddr.parse(text)
  if (isIn(address, allowed)) return true
  if (address.range() !== 'unicast' || isIn(address, exceptions)) return false
  return address.kind() === 'ipv4' || isIn(address, globalIpv6)
}

function isIn(address: ReturnType<typeof ipaddr.parse>, networks: AllowedNetworks): boolean {
  return networks.some(([network, bits]) => network.kind() === address.kind() && address.match(network, bits))
}
