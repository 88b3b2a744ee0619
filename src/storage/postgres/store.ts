import { SmsError } from '../../core/errors.ts'
import type { Log } from '../../ports/log.ts'
import type { Metrics } from '../../ports/metrics.ts'
import type { Store } from '../../ports/store.ts'
import { logNewerSchema } from '../migrator.ts'
import type { Sealer } from '../seal.ts'
import { makeAccounts } from './accounts.ts'
import { makeApiKeys } from './api-keys.ts'
import { makeAssistants } from './assistants.ts'
import { makeAudit } from './audit.ts'
import { makeBatches } from './batches.ts'
import { makeConversations } from './conversation-list.ts'
import { makeConversationKeys } from './conversations.ts'
import { openDatabase, type Queries } from './database.ts'
import { makeEventStore } from './event-store.ts'
import { makeEvidence } from './evidence.ts'
import { makeInbound } from './inbound.ts'
import { makeMedia } from './media.ts'
import { makeMessages } from './messages.ts'
import { migrateDatabase } from './migrate.ts'
import { makeOptOuts } from './opt-outs.ts'
import { makeOrganizations } from './organizations.ts'
import { makePeople } from './people.ts'
import { makeQueue } from './queue.ts'
import { makeQueueState } from './queue-state.ts'
import { makeRetention } from './retention.ts'
import { makeSenders } from './senders.ts'
import { makeSends } from './sends.ts'
import { makeSessions } from './sessions.ts'
import { makeStatistics } from './statistics.ts'
import { makeUsers } from './users.ts'
import { makeWaiting } from './waiting.ts'
import { makeWakeUps } from './wake-ups.ts'

/** Connects and, where needed, migrates. Any number of processes may work on one database. */
export async function openPostgresStore(params: {
  readonly url: string
  readonly sealer: Sealer
  readonly metrics: Metrics
  readonly log?: Log | undefined
}): Promise<Store> {
  let checkDatabase: ((queries: Queries) => Promise<void>) | undefined
  const database = await openDatabase({ ...params, onConnect: async (queries) => checkDatabase?.(queries) })
  logNewerSchema(params.log, database.schema)
  const queueState = await makeQueueState(database)
  checkDatabase = queueState.checkDatabase
  const wakeUps = makeWakeUps({ ...params, queries: database })
  const conversations = makeConversationKeys()
  return {
    sends: makeSends(database, conversations),
    batches: makeBatches(database),
    queue: { ...makeQueue(database), ...makeWaiting(database) },
    evidence: makeEvidence(database),
    inbound: {
      ...makeInbound(database, conversations),
      ...makeConversations(database),
      ...makeMedia(database),
    },
    events: makeEventStore(database, params.sealer),
    messages: makeMessages(database),
    optOuts: makeOptOuts(database),
    organizations: makeOrganizations(database),
    accounts: makeAccounts(database, params.sealer),
    assistants: makeAssistants(database),
    senders: makeSenders(database, params.sealer),
    apiKeys: makeApiKeys(database),
    users: makeUsers(database),
    sessions: makeSessions(database),
    retention: makeRetention(database),
    people: makePeople(database),
    audit: makeAudit(database),
    statistics: makeStatistics(database),
    queueState,
    wakeUps,
    async databaseTime() {
      const row = await database.get('SELECT extract(epoch FROM clock_timestamp())::float8 * 1000 AS ms')
      return Number(row?.ms)
    },
    async ping() {
      const row = await database.get(`SELECT current_setting('transaction_read_only') AS read_only`)
      if (row?.read_only !== 'off')
        throw new SmsError('unavailable', 'The database takes no writes: it is a standby, or was made read-only.')
    },
    async close() {
      await wakeUps.close()
      await database.close()
    },
  }
}

/** @returns the titles of what was applied. */
export async function migratePostgres({ url }: { readonly url: string }): Promise<readonly string[]> {
  return (await migrateDatabase(url)).applied
}
