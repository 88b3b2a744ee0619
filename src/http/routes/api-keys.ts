import type { App } from '../fastify.ts'
import type { ManagementParts } from '../management.ts'

export function registerApiKeyRoutes(_app: App, _parts: ManagementParts): void {}
