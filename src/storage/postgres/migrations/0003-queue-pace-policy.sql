-- readable from: 2
-- JSON objects; absent members mean the defaults.
ALTER TABLE organizations
  ADD COLUMN IF NOT EXISTS policy TEXT NOT NULL DEFAULT '{}',
  ADD COLUMN IF NOT EXISTS retention TEXT NOT NULL DEFAULT '{}',
  ADD COLUMN IF NOT EXISTS paused_at BIGINT;
ALTER TABLE assistants
  ADD COLUMN IF NOT EXISTS policy TEXT NOT NULL DEFAULT '{}',
  ADD COLUMN IF NOT EXISTS paused_at BIGINT;
ALTER TABLE senders
  ADD COLUMN IF NOT EXISTS pacing TEXT NOT NULL DEFAULT '{}',
  ADD COLUMN IF NOT EXISTS paused_at BIGINT;
ALTER TABLE provider_accounts
  ADD COLUMN IF NOT EXISTS pacing TEXT NOT NULL DEFAULT '{}',
  ADD COLUMN IF NOT EXISTS paused_at BIGINT;
ALTER TABLE api_keys ADD COLUMN IF NOT EXISTS rate_limit TEXT;
-- How many requests a limited key has made in its present window. Unlogged: a count then waits for no disk, and to lose
-- it in a crash of the server only begins the windows anew.
CREATE UNLOGGED TABLE api_key_windows (
  api_key_id BIGINT NOT NULL,
  window_ms BIGINT NOT NULL,
  requests BIGINT NOT NULL,
  -- How many of them the last statement was granted: what it asks back.
  granted BIGINT NOT NULL,
  -- Unix ms of the server's clock.
  ends_at BIGINT NOT NULL,
  PRIMARY KEY (api_key_id, window_ms)
);

ALTER TABLE messages
  -- It was handed over to be sent when its turn comes.
  ADD COLUMN IF NOT EXISTS queued BOOLEAN NOT NULL DEFAULT false,
  -- Its caller gave it an idempotency key: it is meant, however alike another may be.
  ADD COLUMN IF NOT EXISTS keyed BOOLEAN NOT NULL DEFAULT false,
  ADD COLUMN IF NOT EXISTS priority INTEGER NOT NULL DEFAULT 1,
  ADD COLUMN IF NOT EXISTS send_at BIGINT,
  ADD COLUMN IF NOT EXISTS expires_at BIGINT,
  -- When one that is scheduled or held goes to the queue by itself; absent when a person must decide.
  ADD COLUMN IF NOT EXISTS due_at BIGINT,
  ADD COLUMN IF NOT EXISTS hold_reason TEXT,
  ADD COLUMN IF NOT EXISTS approved_at BIGINT,
  -- The limit that refused it, as it stood then: JSON.
  ADD COLUMN IF NOT EXISTS reached_limit TEXT,
  -- When it was dispatched, where that counts against a limit.
  ADD COLUMN IF NOT EXISTS counted_at BIGINT,
  -- In millionths of the currency that the organization's prices are in.
  ADD COLUMN IF NOT EXISTS cost_micros BIGINT,
  -- Its guard holds until then also when it is known what became of it.
  ADD COLUMN IF NOT EXISTS duplicate_until BIGINT;

-- Built when the transaction has ended, so that sends go on meanwhile.
-- With the segments: what is ahead of a new message is counted in the index alone.
CREATE INDEX CONCURRENTLY IF NOT EXISTS messages_queued_by_sender
  ON messages (sender_id, priority, key) INCLUDE (segment_count) WHERE status = 'queued';
-- Of one person, texts from the queue leave one after the other. Said so that messages_sending does not seem to do as well:
-- that one has everybody's.
CREATE INDEX CONCURRENTLY IF NOT EXISTS messages_under_way ON messages (sender_id, recipient)
  WHERE CASE WHEN queued THEN status END = 'sending';
CREATE INDEX CONCURRENTLY IF NOT EXISTS messages_due ON messages (due_at)
  WHERE status IN ('scheduled', 'held') AND due_at IS NOT NULL;
CREATE INDEX CONCURRENTLY IF NOT EXISTS messages_expiring ON messages (expires_at)
  WHERE status IN ('queued', 'scheduled', 'held') AND expires_at IS NOT NULL;
CREATE INDEX CONCURRENTLY IF NOT EXISTS messages_held ON messages (organization_id, key) WHERE status = 'held';
CREATE INDEX CONCURRENTLY IF NOT EXISTS messages_paused
  ON messages (organization_id, assistant_id, sender_id, provider_account_id, key)
  WHERE status = 'held' AND hold_reason = 'paused';
-- What waits is counted in this index alone, and the oldest of each kind stands first.
CREATE INDEX CONCURRENTLY IF NOT EXISTS messages_by_wait
  ON messages (status, organization_id, provider, hold_reason, (coalesce(send_at, created_at)))
  WHERE status IN ('queued', 'scheduled', 'held');
-- Both hold only what counts against a limit: without limits, sending does not pay for them.
CREATE INDEX CONCURRENTLY IF NOT EXISTS messages_counted_by_recipient
  ON messages (organization_id, recipient COLLATE "C", counted_at)
  WHERE counted_at IS NOT NULL;
CREATE INDEX CONCURRENTLY IF NOT EXISTS messages_counted_by_assistant ON messages (organization_id, assistant_id, counted_at)
  WHERE counted_at IS NOT NULL;
CREATE INDEX CONCURRENTLY IF NOT EXISTS messages_counted ON messages (organization_id, counted_at)
  WHERE counted_at IS NOT NULL;
DROP INDEX CONCURRENTLY IF EXISTS messages_queued;
-- Rows leave the queue's index at its head, where the next claim looks: the dead ones there must go soon.
ALTER TABLE messages SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.05);

ALTER TABLE conversations
  ADD COLUMN IF NOT EXISTS last_inbound_at BIGINT,
  -- Texts of the person in a row, none long after the one before it.
  ADD COLUMN IF NOT EXISTS inbound_streak INTEGER NOT NULL DEFAULT 0;

CREATE INDEX CONCURRENTLY IF NOT EXISTS event_deliveries_by_age ON event_deliveries (created_at) WHERE state = 'pending';

-- The pace of what sends: a number, or a whole provider account.
CREATE TABLE lanes (
  kind TEXT NOT NULL,
  id BIGINT NOT NULL,
  -- When everything that was dispatched would have left at its pace (Unix ms, fractions count).
  free_at DOUBLE PRECISION NOT NULL DEFAULT 0,
  -- Nothing leaves before: its provider asked for that.
  slowed_until BIGINT NOT NULL DEFAULT 0,
  -- When to look for queued messages of the number; absent when there are none.
  next_at BIGINT,
  -- Somebody is at it until then.
  leased_until BIGINT NOT NULL DEFAULT 0,
  organization_id BIGINT NOT NULL,
  -- The carriers' day, and the segments dispatched in it.
  day INTEGER NOT NULL DEFAULT 0,
  day_segments BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (kind, id)
);
CREATE INDEX lanes_due ON lanes (organization_id, next_at) WHERE next_at IS NOT NULL;
INSERT INTO lanes (kind, id, organization_id, next_at)
  SELECT 'sender', sender_id, min(organization_id), 0 FROM messages WHERE status = 'queued' GROUP BY sender_id;
UPDATE messages SET queued = true WHERE status = 'queued';

-- When its text and media were removed, because the organization keeps them for so long only.
ALTER TABLE messages ADD COLUMN IF NOT EXISTS body_removed_at BIGINT;
-- What is removed by age, or of one person, is found by these.
CREATE INDEX CONCURRENTLY IF NOT EXISTS idempotency_keys_by_time ON idempotency_keys (created_at);
CREATE INDEX CONCURRENTLY IF NOT EXISTS events_by_recipient ON events (organization_id, recipient, key)
  WHERE recipient IS NOT NULL;
CREATE INDEX CONCURRENTLY IF NOT EXISTS refused_webhooks_by_organization ON refused_webhooks (organization_id, key)
  WHERE organization_id IS NOT NULL;
-- One row. How often conversations were removed: the keys that a process remembers hold for one count.
CREATE TABLE conversation_removals (
  count BIGINT NOT NULL
);
INSERT INTO conversation_removals (count) VALUES (0);

-- What is known of a person beside the texts.
CREATE TABLE people (
  organization_id BIGINT NOT NULL,
  phone_number TEXT NOT NULL,
  time_zone TEXT,
  updated_at BIGINT NOT NULL,
  PRIMARY KEY (organization_id, phone_number)
);

CREATE TABLE spending (
  organization_id BIGINT NOT NULL,
  -- Of UTC, as 2026-11-24.
  day TEXT NOT NULL,
  cost_micros BIGINT NOT NULL,
  PRIMARY KEY (organization_id, day)
);

CREATE TABLE audit_log (
  key BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  organization_id BIGINT NOT NULL,
  occurred_at BIGINT NOT NULL,
  -- Who did it: an API key's name and id, the console's user, the command line.
  actor TEXT NOT NULL,
  action TEXT NOT NULL,
  subject TEXT NOT NULL,
  data TEXT NOT NULL
);
CREATE INDEX audit_log_by_organization ON audit_log (organization_id, key);

-- One row. A database that stood still, or is another one than before, holds its queue until a person says go.
CREATE TABLE queue_state (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  fingerprint TEXT,
  beat_at BIGINT,
  -- How often that was; a database that knows of fewer than its processes do was put back.
  beats BIGINT NOT NULL DEFAULT 0,
  held_at BIGINT,
  held_reason TEXT
);
INSERT INTO queue_state (id) VALUES (1);
