import { openMemoryStore } from '../../../test/support/parts.ts'
import { statisticsContract } from '../../ports/statistics.contract.ts'

statisticsContract('sqlite', openMemoryStore)
