import { openMemoryStore } from '../../../test/support/parts.ts'
import { userContract } from '../../ports/user-store.contract.ts'

userContract('sqlite', openMemoryStore)
