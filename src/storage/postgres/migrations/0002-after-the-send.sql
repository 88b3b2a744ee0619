ALTER TABLE organizations ADD COLUMN opt_out_scope TEXT NOT NULL DEFAULT 'organization';
ALTER TABLE assistants ADD COLUMN inbound TEXT NOT NULL DEFAULT '{}';

ALTER TABLE messages ADD COLUMN direction TEXT NOT NULL DEFAULT 'outbound';
ALTER TABLE messages ADD COLUMN conversation_key BIGINT NOT NULL DEFAULT 0;
ALTER TABLE messages ADD COLUMN in_reply_to TEXT;
ALTER TABLE messages ADD COLUMN automatic TEXT;
ALTER TABLE messages ADD COLUMN keyword TEXT;
-- When an unresolved message is looked for again.
ALTER TABLE messages ADD COLUMN check_at BIGINT;
-- Conversations are spread over the whole table. By blocks of keys, new entries touch few pages (as provider ids do).
CREATE INDEX messages_by_conversation ON messages ((key >> 14), conversation_key);
-- What one organization reads must not cost it the messages of all others. Its newest conversations are found in it alone.
CREATE INDEX messages_by_organization ON messages (organization_id, key) INCLUDE (conversation_key);
CREATE UNIQUE INDEX messages_inbound ON messages (provider_account_id, provider_message_id) WHERE direction = 'inbound';
CREATE INDEX messages_unknown ON messages (key) WHERE status = 'unknown';
CREATE INDEX messages_queued ON messages (key) WHERE status = 'queued';
CREATE INDEX messages_waiting ON messages (organization_id, recipient) WHERE status IN ('queued', 'scheduled', 'held');

ALTER TABLE attempts ADD COLUMN closed_at BIGINT;
ALTER TABLE attempts ADD COLUMN vouched_at BIGINT;

CREATE TABLE conversations (
  key BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  organization_id BIGINT NOT NULL,
  assistant_id BIGINT NOT NULL,
  sender_id BIGINT NOT NULL,
  number TEXT NOT NULL,
  person TEXT NOT NULL,
  last_inbound_id TEXT,
  -- No message of it is older.
  first_key BIGINT NOT NULL,
  -- Hidden while no message is newer than this.
  archived_key BIGINT NOT NULL DEFAULT 0,
  created_at BIGINT NOT NULL,
  UNIQUE (sender_id, person)
);

CREATE INDEX conversations_by_organization ON conversations (organization_id, key);
CREATE INDEX senders_by_number ON senders (phone_number);

CREATE TABLE receipts (
  message_key BIGINT NOT NULL,
  provider_status TEXT NOT NULL,
  -- Empty for none: a report counts once for each status and code.
  provider_code TEXT NOT NULL,
  provider_message_id TEXT NOT NULL,
  status TEXT,
  reason TEXT,
  provider_message TEXT,
  source TEXT NOT NULL,
  occurred_at BIGINT,
  received_at BIGINT NOT NULL,
  PRIMARY KEY (message_key, provider_status, provider_code)
);

ALTER TABLE opt_outs
  -- 0 where it does not matter: the widest opt-out has both.
  ADD COLUMN assistant_id BIGINT NOT NULL DEFAULT 0,
  ADD COLUMN sender_id BIGINT NOT NULL DEFAULT 0,
  ADD COLUMN in_doubt BOOLEAN NOT NULL DEFAULT false,
  DROP CONSTRAINT opt_outs_pkey,
  ADD PRIMARY KEY (organization_id, recipient, assistant_id, sender_id);

ALTER TABLE events ADD COLUMN recipient TEXT;
CREATE INDEX events_by_organization ON events (organization_id, key);

CREATE TABLE event_endpoints (
  id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  organization_id BIGINT NOT NULL REFERENCES organizations (id),
  assistant_id BIGINT,
  url TEXT NOT NULL,
  description TEXT,
  types TEXT NOT NULL,
  -- A JSON array; each value is sealed for itself.
  sealed_secrets TEXT NOT NULL,
  ordered BOOLEAN NOT NULL,
  trusted BOOLEAN NOT NULL,
  disabled_at BIGINT,
  -- Events up to this key have their deliveries.
  seen_key BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL
);
CREATE INDEX event_endpoints_by_organization ON event_endpoints (organization_id);
CREATE UNIQUE INDEX event_endpoints_by_assistant ON event_endpoints (assistant_id) WHERE assistant_id IS NOT NULL;

CREATE TABLE event_deliveries (
  key BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  organization_id BIGINT NOT NULL,
  endpoint_id BIGINT NOT NULL,
  conversation_key BIGINT,
  event_keys TEXT NOT NULL,
  state TEXT NOT NULL,
  tries BIGINT NOT NULL,
  first_try_at BIGINT,
  next_at BIGINT,
  last_try TEXT,
  created_at BIGINT NOT NULL
);
CREATE INDEX event_deliveries_due ON event_deliveries (endpoint_id, next_at) WHERE state = 'pending';
CREATE INDEX event_deliveries_pending ON event_deliveries (endpoint_id, conversation_key, key) WHERE state = 'pending';
CREATE INDEX event_deliveries_dead ON event_deliveries (endpoint_id, key) WHERE state = 'dead';
CREATE INDEX event_deliveries_by_endpoint ON event_deliveries (endpoint_id, key);
CREATE INDEX event_deliveries_by_organization ON event_deliveries (organization_id, key);

CREATE TABLE refused_webhooks (
  key BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  provider TEXT NOT NULL,
  organization_id BIGINT,
  reason TEXT NOT NULL,
  body TEXT NOT NULL,
  received_at BIGINT NOT NULL
);

CREATE TABLE media (
  id TEXT PRIMARY KEY,
  organization_id BIGINT NOT NULL,
  message_key BIGINT NOT NULL,
  position BIGINT NOT NULL,
  provider_account_id BIGINT NOT NULL,
  url TEXT NOT NULL,
  content_type TEXT NOT NULL,
  state TEXT NOT NULL,
  tries BIGINT NOT NULL,
  next_at BIGINT,
  size BIGINT,
  sha256 TEXT,
  fault TEXT,
  content BYTEA
);
CREATE INDEX media_by_message ON media (message_key, position);
CREATE INDEX media_pending ON media (next_at) WHERE state = 'pending';
