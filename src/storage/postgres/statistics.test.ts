import { after } from 'node:test'
import { createTestDatabase } from '../../../test/support/postgres.ts'
import { silentMetrics } from '../../../test/support/store-builders.ts'
import { statisticsContract } from '../../ports/statistics.contract.ts'
import { makeSealer } from '../seal.ts'
import { openPostgresStore } from './store.ts'

const database = await createTestDatabase()
after(() => database.drop())

statisticsContract('postgres', () =>
  openPostgresStore({
    url: database.url,
    sealer: makeSealer([new Uint8Array(32).fill(1)]),
    metrics: silentMetrics,
  }),
)
