import type { App } from '../fastify.ts'
import type { ManagementParts } from '../management.ts'

export function registerPhoneNumberRoutes(_app: App, _parts: ManagementParts): void {}
