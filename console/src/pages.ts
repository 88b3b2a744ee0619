import type { ComponentType } from 'preact'
import type { Scope } from './app-context.ts'
import type { IconName } from './parts/icon.tsx'

export type PageModule = { readonly default: ComponentType }
export type PageEntry = {
  readonly title: string
  readonly icon: IconName
  readonly open: () => Promise<PageModule>
  /** With an id in the address. */
  readonly openOne?: () => Promise<PageModule>
  /** Without it there is nothing to see. */
  readonly scope?: Scope
}

/** Each page is a file of its own in the build, fetched when somebody goes there. */
export const pages: Readonly<Record<string, PageEntry>> = {
  overview: { title: 'Overview', icon: 'overview', open: () => import('./pages/overview.tsx') },
  messages: {
    title: 'Messages',
    icon: 'messages',
    open: () => import('./pages/messages.tsx'),
    openOne: () => import('./pages/message.tsx'),
  },
  conversations: {
    title: 'Conversations',
    icon: 'conversations',
    open: () => import('./pages/conversations.tsx'),
    openOne: () => import('./pages/conversation.tsx'),
  },
  held: { title: 'Held', icon: 'held', open: () => import('./pages/held.tsx') },
  unknowns: { title: 'Unknowns', icon: 'unknowns', open: () => import('./pages/unknowns.tsx') },
  'opt-outs': { title: 'Opt-outs', icon: 'optouts', open: () => import('./pages/opt-outs.tsx') },
  assistants: {
    title: 'Assistants',
    icon: 'assistants',
    open: () => import('./pages/assistants.tsx'),
    openOne: () => import('./pages/assistant.tsx'),
  },
  numbers: { title: 'Numbers', icon: 'numbers', open: () => import('./pages/numbers.tsx') },
  accounts: { title: 'Provider accounts', icon: 'accounts', open: () => import('./pages/accounts.tsx') },
  policy: { title: 'Policy', icon: 'policy', open: () => import('./pages/policy.tsx') },
  endpoints: {
    title: 'Event endpoints',
    icon: 'endpoints',
    open: () => import('./pages/endpoints.tsx'),
    scope: 'operate',
    openOne: () => import('./pages/endpoint.tsx'),
  },
  keys: { title: 'API keys', icon: 'keys', open: () => import('./pages/keys.tsx'), scope: 'manage' },
  audit: { title: 'Audit log', icon: 'audit', open: () => import('./pages/audit.tsx') },
  users: { title: 'Users', icon: 'users', open: () => import('./pages/users.tsx'), scope: 'manage' },
  account: { title: 'Your account', icon: 'account', open: () => import('./pages/account.tsx') },
}

export const sections: readonly { readonly title: string; readonly names: readonly string[] }[] = [
  { title: 'Texts', names: ['overview', 'messages', 'conversations'] },
  { title: 'To decide', names: ['held', 'unknowns', 'opt-outs'] },
  { title: 'Set-up', names: ['assistants', 'numbers', 'accounts', 'policy'] },
  { title: 'Programs', names: ['endpoints', 'keys'] },
  { title: 'People', names: ['users', 'audit', 'account'] },
]
