import { subscribe } from 'node:diagnostics_channel'
import { Server } from 'node:net'

/** Loaded before a program under test: tells its parent where it listens and, when asked, what it has used so far. */
subscribe('tracing:net.server.listen:asyncEnd', (event) => {
  const server = typeof event === 'object' && event !== null && 'server' in event ? event.server : undefined
  const address = server instanceof Server ? server.address() : null
  if (address !== null && typeof address === 'object') process.send?.({ port: address.port })
})

process.on('message', () => {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage()
  process.send?.({ cpuUs: userCPUTime + systemCPUTime, maxRssKb: maxRSS })
})
// Nobody is left to stop it.
process.on('disconnect', () => process.exit())
// The program decides when it ends, not the question that may still come.
process.channel?.unref()
