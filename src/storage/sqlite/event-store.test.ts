import { openSqliteEvents } from '../../../test/support/event-rows.ts'
import { eventStoreContract } from '../../ports/event-store.contract.ts'

eventStoreContract('sqlite', () => openSqliteEvents(':memory:'))
