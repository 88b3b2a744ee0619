CREATE TABLE organizations (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE,
  created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE api_keys (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  organization_id INTEGER NOT NULL REFERENCES organizations (id),
  name TEXT NOT NULL,
  prefix TEXT NOT NULL,
  hash TEXT NOT NULL UNIQUE,
  scopes TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  last_used_at INTEGER,
  expires_at INTEGER,
  revoked_at INTEGER
) STRICT;
CREATE INDEX api_keys_by_organization ON api_keys (organization_id);

CREATE TABLE provider_accounts (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  organization_id INTEGER NOT NULL REFERENCES organizations (id),
  name TEXT NOT NULL,
  provider TEXT NOT NULL,
  base_url TEXT,
  settings TEXT NOT NULL,
  -- A JSON object; each value is sealed for itself.
  sealed_secrets TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  UNIQUE (organization_id, name)
) STRICT;

CREATE TABLE assistants (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  organization_id INTEGER NOT NULL REFERENCES organizations (id),
  name TEXT NOT NULL,
  description TEXT,
  sms_webhook_url TEXT,
  provider_account_id INTEGER REFERENCES provider_accounts (id),
  messaging_service_id TEXT,
  custom_settings TEXT NOT NULL,
  is_active INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  removed_at INTEGER
) STRICT;
CREATE INDEX assistants_by_organization ON assistants (organization_id);

CREATE TABLE senders (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  organization_id INTEGER NOT NULL REFERENCES organizations (id),
  phone_number TEXT NOT NULL,
  friendly_name TEXT,
  assistant_id INTEGER REFERENCES assistants (id),
  provider_account_id INTEGER NOT NULL REFERENCES provider_accounts (id),
  is_active INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  UNIQUE (organization_id, phone_number)
) STRICT;

-- No foreign keys on the tables of the send path: what they would check is read in the same process a moment before.
CREATE TABLE messages (
  key INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  organization_id INTEGER NOT NULL,
  assistant_id INTEGER NOT NULL,
  sender_id INTEGER NOT NULL,
  provider_account_id INTEGER NOT NULL,
  provider TEXT NOT NULL,
  sender TEXT NOT NULL,
  recipient TEXT NOT NULL,
  body TEXT NOT NULL,
  media_urls TEXT NOT NULL,
  encoding TEXT NOT NULL,
  segment_count INTEGER NOT NULL,
  category TEXT NOT NULL,
  on_unknown TEXT NOT NULL,
  metadata TEXT NOT NULL,
  status TEXT NOT NULL,
  provider_message_id TEXT,
  failure_reason TEXT,
  failure_code TEXT,
  failure_message TEXT,
  guard BLOB,
  guard_expires_at INTEGER,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;
-- Both hold unresolved messages only, so they stay small however many are stored.
CREATE UNIQUE INDEX messages_by_guard ON messages (guard) WHERE guard IS NOT NULL;
CREATE INDEX messages_sending ON messages (key) WHERE status = 'sending';
-- Provider ids are random. By blocks of keys, new entries go to the end of the index and touch few pages; a look-up
-- tries one block after the other.
CREATE INDEX messages_by_provider_id ON messages (key >> 14, provider_message_id) WHERE provider_message_id IS NOT NULL;

CREATE TABLE attempts (
  message_key INTEGER NOT NULL,
  number INTEGER NOT NULL,
  started_at INTEGER NOT NULL,
  finished_at INTEGER,
  outcome TEXT,
  provider_message_id TEXT,
  provider_status TEXT,
  reason TEXT,
  provider_code TEXT,
  provider_message TEXT,
  retry_after_ms INTEGER,
  detail TEXT,
  PRIMARY KEY (message_key, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE events (
  key INTEGER PRIMARY KEY,
  organization_id INTEGER NOT NULL,
  message_key INTEGER,
  type TEXT NOT NULL,
  occurred_at INTEGER NOT NULL,
  data TEXT NOT NULL
) STRICT;
CREATE INDEX events_by_message ON events (message_key) WHERE message_key IS NOT NULL;

CREATE TABLE idempotency_keys (
  organization_id INTEGER NOT NULL,
  route TEXT NOT NULL,
  key TEXT NOT NULL,
  request_hash TEXT NOT NULL,
  message_id TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (organization_id, route, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE opt_outs (
  organization_id INTEGER NOT NULL,
  recipient TEXT NOT NULL,
  source TEXT NOT NULL,
  evidence TEXT,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (organization_id, recipient)
) STRICT, WITHOUT ROWID;
