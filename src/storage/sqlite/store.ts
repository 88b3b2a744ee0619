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
import { migrateDatabase, openDatabase } from './database.ts'
import { makeEventStore } from './event-store.ts'
import { makeEvidence } from './evidence.ts'
import { makeInbound } from './inbound.ts'
import { makeMedia } from './media.ts'
import { makeMessages } from './messages.ts'
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

/** Opens (and, where needed, creates and migrates) the file. One process at a time is meant to write to it. */
export async function openSqliteStore(params: {
  readonly path: string
  readonly sealer: Sealer
  readonly metrics: Metrics
  readonly log?: Log | undefined
}): Promise<Store> {
  const database = openDatabase(params)
  logNewerSchema(params.log, database.schema)
  const queueState = makeQueueState(database, params.path)
  const conversations = makeConversationKeys(database)
  database.onUndone(() => conversations.forget())
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
    retention: makeRetention(database, conversations),
    people: makePeople(database, conversations),
    audit: makeAudit(database),
    statistics: makeStatistics(database),
    queueState,
    wakeUps: database.wakeUps,
    async ping() {
      database.get('SELECT 1')
    },
    async close() {
      await queueState.close()
      await database.close()
    },
  }
}

/** @returns the titles of what was applied. */
export async function migrateSqlite({ path }: { readonly path: string }): Promise<readonly string[]> {
  return migrateDatabase(path)
}
