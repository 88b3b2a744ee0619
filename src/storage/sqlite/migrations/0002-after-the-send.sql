ALTER TABLE organizations ADD COLUMN opt_out_scope TEXT NOT NULL DEFAULT 'organization';
ALTER TABLE assistants ADD COLUMN inbound TEXT NOT NULL DEFAULT '{}';

ALTER TABLE messages ADD COLUMN direction TEXT NOT NULL DEFAULT 'outbound';
ALTER TABLE messages ADD COLUMN conversation_key INTEGER NOT NULL DEFAULT 0;
ALTER TABLE messages ADD COLUMN in_reply_to TEXT;
ALTER TABLE messages ADD COLUMN automatic TEXT;
ALTER TABLE messages ADD COLUMN keyword TEXT;
-- When an unresolved message is looked for again.
ALTER TABLE messages ADD COLUMN check_at INTEGER;
-- Conversations are spread over the whole table. By blocks of keys, new entries touch few pages (as provider ids do).
CREATE INDEX messages_by_conversation ON messages (key >> 14, conversation_key);
-- What one organization reads must not cost it the messages of all others. Its newest conversations are found in it alone.
CREATE INDEX messages_by_organization ON messages (organization_id, key, conversation_key);
CREATE UNIQUE INDEX messages_inbound ON messages (provider_account_id, provider_message_id) WHERE direction = 'inbound';
CREATE INDEX messages_unknown ON messages (key) WHERE status = 'unknown';
CREATE INDEX messages_queued ON messages (key) WHERE status = 'queued';
CREATE INDEX messages_waiting ON messages (organization_id, recipient) WHERE status IN ('queued', 'scheduled', 'held');

ALTER TABLE attempts ADD COLUMN closed_at INTEGER;
ALTER TABLE attempts ADD COLUMN vouched_at INTEGER;

CREATE TABLE conversations (
  key INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  organization_id INTEGER NOT NULL,
  assistant_id INTEGER NOT NULL,
  sender_id INTEGER NOT NULL,
  number TEXT NOT NULL,
  person TEXT NOT NULL,
  last_inbound_id TEXT,
  -- No message of it is older.
  first_key INTEGER NOT NULL,
  -- Hidden while no message is newer than this.
  archived_key INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL,
  UNIQUE (sender_id, person)
) STRICT;

CREATE INDEX conversations_by_organization ON conversations (organization_id, key);
CREATE INDEX senders_by_number ON senders (phone_number);

CREATE TABLE receipts (
  message_key INTEGER NOT NULL,
  provider_status TEXT NOT NULL,
  -- Empty for none: a report counts once for each status and code.
  provider_code TEXT NOT NULL,
  provider_message_id TEXT NOT NULL,
  status TEXT,
  reason TEXT,
  provider_message TEXT,
  source TEXT NOT NULL,
  occurred_at INTEGER,
  received_at INTEGER NOT NULL,
  PRIMARY KEY (message_key, provider_status, provider_code)
) STRICT, WITHOUT ROWID;

CREATE TABLE opt_outs_by_reach (
  organization_id INTEGER NOT NULL,
  recipient TEXT NOT NULL,
  -- 0 where it does not matter: the widest opt-out has both.
  assistant_id INTEGER NOT NULL,
  sender_id INTEGER NOT NULL,
  source TEXT NOT NULL,
  in_doubt INTEGER NOT NULL,
  evidence TEXT,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (organization_id, recipient, assistant_id, sender_id)
) STRICT, WITHOUT ROWID;
INSERT INTO opt_outs_by_reach (organization_id, recipient, assistant_id, sender_id, source, in_doubt, evidence, created_at)
  SELECT organization_id, recipient, 0, 0, source, 0, evidence, created_at FROM opt_outs;
DROP TABLE opt_outs;
ALTER TABLE opt_outs_by_reach RENAME TO opt_outs;

ALTER TABLE events ADD COLUMN recipient TEXT;
CREATE INDEX events_by_organization ON events (organization_id, key);

CREATE TABLE event_endpoints (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  organization_id INTEGER NOT NULL REFERENCES organizations (id),
  assistant_id INTEGER,
  url TEXT NOT NULL,
  description TEXT,
  types TEXT NOT NULL,
  -- A JSON array; each value is sealed for itself.
  sealed_secrets TEXT NOT NULL,
  ordered INTEGER NOT NULL,
  trusted INTEGER NOT NULL,
  disabled_at INTEGER,
  -- Events up to this key have their deliveries.
  seen_key INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX event_endpoints_by_organization ON event_endpoints (organization_id);
CREATE UNIQUE INDEX event_endpoints_by_assistant ON event_endpoints (assistant_id) WHERE assistant_id IS NOT NULL;

CREATE TABLE event_deliveries (
  key INTEGER PRIMARY KEY,
  organization_id INTEGER NOT NULL,
  endpoint_id INTEGER NOT NULL,
  conversation_key INTEGER,
  event_keys TEXT NOT NULL,
  state TEXT NOT NULL,
  tries INTEGER NOT NULL,
  first_try_at INTEGER,
  next_at INTEGER,
  last_try TEXT,
  created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX event_deliveries_due ON event_deliveries (endpoint_id, next_at) WHERE state = 'pending';
CREATE INDEX event_deliveries_pending ON event_deliveries (endpoint_id, conversation_key, key) WHERE state = 'pending';
CREATE INDEX event_deliveries_dead ON event_deliveries (endpoint_id, key) WHERE state = 'dead';
CREATE INDEX event_deliveries_by_endpoint ON event_deliveries (endpoint_id, key);
CREATE INDEX event_deliveries_by_organization ON event_deliveries (organization_id, key);

CREATE TABLE refused_webhooks (
  key INTEGER PRIMARY KEY,
  provider TEXT NOT NULL,
  organization_id INTEGER,
  reason TEXT NOT NULL,
  body TEXT NOT NULL,
  received_at INTEGER NOT NULL
) STRICT;

CREATE TABLE media (
  id TEXT PRIMARY KEY,
  organization_id INTEGER NOT NULL,
  message_key INTEGER NOT NULL,
  position INTEGER NOT NULL,
  provider_account_id INTEGER NOT NULL,
  url TEXT NOT NULL,
  content_type TEXT NOT NULL,
  state TEXT NOT NULL,
  tries INTEGER NOT NULL,
  next_at INTEGER,
  size INTEGER,
  sha256 TEXT,
  fault TEXT,
  content BLOB
) STRICT;
CREATE INDEX media_by_message ON media (message_key, position);
CREATE INDEX media_pending ON media (next_at) WHERE state = 'pending';
