CREATE TABLE organizations (
  id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  created_at BIGINT NOT NULL
);

CREATE TABLE api_keys (
  id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  organization_id BIGINT NOT NULL REFERENCES organizations (id),
  name TEXT NOT NULL,
  prefix TEXT NOT NULL,
  hash TEXT NOT NULL UNIQUE,
  scopes TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  last_used_at BIGINT,
  expires_at BIGINT,
  revoked_at BIGINT
);
CREATE INDEX api_keys_by_organization ON api_keys (organization_id);

CREATE TABLE provider_accounts (
  id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  organization_id BIGINT NOT NULL REFERENCES organizations (id),
  name TEXT NOT NULL,
  provider TEXT NOT NULL,
  base_url TEXT,
  settings TEXT NOT NULL,
  -- A JSON object; each value is sealed for itself.
  sealed_secrets TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  UNIQUE (organization_id, name)
);

CREATE TABLE assistants (
  id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  organization_id BIGINT NOT NULL REFERENCES organizations (id),
  name TEXT NOT NULL,
  description TEXT,
  sms_webhook_url TEXT,
  provider_account_id BIGINT REFERENCES provider_accounts (id),
  messaging_service_id TEXT,
  custom_settings TEXT NOT NULL,
  is_active BOOLEAN NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  removed_at BIGINT
);
CREATE INDEX assistants_by_organization ON assistants (organization_id);

CREATE TABLE senders (
  id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  organization_id BIGINT NOT NULL REFERENCES organizations (id),
  phone_number TEXT NOT NULL,
  friendly_name TEXT,
  assistant_id BIGINT REFERENCES assistants (id),
  provider_account_id BIGINT NOT NULL REFERENCES provider_accounts (id),
  is_active BOOLEAN NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  UNIQUE (organization_id, phone_number)
);

-- No foreign keys on the tables of the send path: what they would check is read in the same process a moment before.
CREATE TABLE messages (
  key BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  organization_id BIGINT NOT NULL,
  assistant_id BIGINT NOT NULL,
  sender_id BIGINT NOT NULL,
  provider_account_id BIGINT NOT NULL,
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
  guard BYTEA,
  guard_expires_at BIGINT,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL
);
-- Both hold unresolved messages only, so they stay small however many are stored.
CREATE UNIQUE INDEX messages_by_guard ON messages (guard) WHERE guard IS NOT NULL;
CREATE INDEX messages_sending ON messages (key) WHERE status = 'sending';
-- Provider ids are random. By blocks of keys, new entries go to the end of the index and touch few pages; a look-up
-- tries one block after the other.
CREATE INDEX messages_by_provider_id ON messages ((key >> 14), provider_message_id)
  WHERE provider_message_id IS NOT NULL;

CREATE TABLE attempts (
  message_key BIGINT NOT NULL,
  number INTEGER NOT NULL,
  started_at BIGINT NOT NULL,
  finished_at BIGINT,
  outcome TEXT,
  provider_message_id TEXT,
  provider_status TEXT,
  reason TEXT,
  provider_code TEXT,
  provider_message TEXT,
  retry_after_ms BIGINT,
  detail TEXT,
  PRIMARY KEY (message_key, number)
);

CREATE TABLE events (
  key BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  organization_id BIGINT NOT NULL,
  message_key BIGINT,
  type TEXT NOT NULL,
  occurred_at BIGINT NOT NULL,
  data TEXT NOT NULL
);
CREATE INDEX events_by_message ON events (message_key) WHERE message_key IS NOT NULL;

CREATE TABLE idempotency_keys (
  organization_id BIGINT NOT NULL,
  route TEXT NOT NULL,
  key TEXT NOT NULL,
  request_hash TEXT NOT NULL,
  message_id TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (organization_id, route, key)
);

CREATE TABLE opt_outs (
  organization_id BIGINT NOT NULL,
  recipient TEXT NOT NULL,
  source TEXT NOT NULL,
  evidence TEXT,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (organization_id, recipient)
);
