-- readable from: 2
-- JSON objects; absent members mean the defaults.
ALTER TABLE organizations ADD COLUMN policy TEXT NOT NULL DEFAULT '{}';
ALTER TABLE organizations ADD COLUMN retention TEXT NOT NULL DEFAULT '{}';
ALTER TABLE organizations ADD COLUMN paused_at INTEGER;
ALTER TABLE assistants ADD COLUMN policy TEXT NOT NULL DEFAULT '{}';
ALTER TABLE assistants ADD COLUMN paused_at INTEGER;
ALTER TABLE senders ADD COLUMN pacing TEXT NOT NULL DEFAULT '{}';
ALTER TABLE senders ADD COLUMN paused_at INTEGER;
ALTER TABLE provider_accounts ADD COLUMN pacing TEXT NOT NULL DEFAULT '{}';
ALTER TABLE provider_accounts ADD COLUMN paused_at INTEGER;
ALTER TABLE api_keys ADD COLUMN rate_limit TEXT;

-- It was handed over to be sent when its turn comes.
ALTER TABLE messages ADD COLUMN queued INTEGER NOT NULL DEFAULT 0;
-- Its caller gave it an idempotency key: it is meant, however alike another may be.
ALTER TABLE messages ADD COLUMN keyed INTEGER NOT NULL DEFAULT 0;
ALTER TABLE messages ADD COLUMN priority INTEGER NOT NULL DEFAULT 1;
ALTER TABLE messages ADD COLUMN send_at INTEGER;
ALTER TABLE messages ADD COLUMN expires_at INTEGER;
-- When one that is scheduled or held goes to the queue by itself; absent when a person must decide.
ALTER TABLE messages ADD COLUMN due_at INTEGER;
ALTER TABLE messages ADD COLUMN hold_reason TEXT;
ALTER TABLE messages ADD COLUMN approved_at INTEGER;
-- The limit that refused it, as it stood then: JSON.
ALTER TABLE messages ADD COLUMN reached_limit TEXT;
-- When it was dispatched, where that counts against a limit.
ALTER TABLE messages ADD COLUMN counted_at INTEGER;
-- In millionths of the currency that the organization's prices are in.
ALTER TABLE messages ADD COLUMN cost_micros INTEGER;
-- Its guard holds until then also when it is known what became of it.
ALTER TABLE messages ADD COLUMN duplicate_until INTEGER;

DROP INDEX messages_queued;
-- With the segments: what is ahead of a new message is counted in the index alone.
CREATE INDEX messages_queued_by_sender ON messages (sender_id, priority, key, segment_count) WHERE status = 'queued';
-- Of one person, texts from the queue leave one after the other.
CREATE INDEX messages_under_way ON messages (sender_id, recipient) WHERE status = 'sending' AND queued;
CREATE INDEX messages_due ON messages (due_at) WHERE status IN ('scheduled', 'held') AND due_at IS NOT NULL;
CREATE INDEX messages_expiring ON messages (expires_at)
  WHERE status IN ('queued', 'scheduled', 'held') AND expires_at IS NOT NULL;
CREATE INDEX messages_held ON messages (organization_id, key) WHERE status = 'held';
CREATE INDEX messages_paused ON messages (organization_id, assistant_id, sender_id, provider_account_id, key)
  WHERE status = 'held' AND hold_reason = 'paused';
-- What waits is counted in this index alone, and the oldest of each kind stands first.
CREATE INDEX messages_by_wait
  ON messages (status, organization_id, provider, hold_reason, coalesce(send_at, created_at))
  WHERE status IN ('queued', 'scheduled', 'held');
-- Both hold only what counts against a limit: without limits, sending does not pay for them.
CREATE INDEX messages_counted_by_recipient ON messages (organization_id, recipient, counted_at)
  WHERE counted_at IS NOT NULL;
CREATE INDEX messages_counted_by_assistant ON messages (organization_id, assistant_id, counted_at)
  WHERE counted_at IS NOT NULL;
CREATE INDEX messages_counted ON messages (organization_id, counted_at) WHERE counted_at IS NOT NULL;

ALTER TABLE conversations ADD COLUMN last_inbound_at INTEGER;
-- Texts of the person in a row, none long after the one before it.
ALTER TABLE conversations ADD COLUMN inbound_streak INTEGER NOT NULL DEFAULT 0;

CREATE INDEX event_deliveries_by_age ON event_deliveries (created_at) WHERE state = 'pending';

-- The pace of what sends: a number, or a whole provider account.
CREATE TABLE lanes (
  kind TEXT NOT NULL,
  id INTEGER NOT NULL,
  -- When everything that was dispatched would have left at its pace (Unix ms, fractions count).
  free_at REAL NOT NULL DEFAULT 0,
  -- Nothing leaves before: its provider asked for that.
  slowed_until INTEGER NOT NULL DEFAULT 0,
  -- When to look for queued messages of the number; absent when there are none.
  next_at INTEGER,
  -- Somebody is at it until then.
  leased_until INTEGER NOT NULL DEFAULT 0,
  organization_id INTEGER NOT NULL,
  -- The carriers' day, and the segments dispatched in it.
  day INTEGER NOT NULL DEFAULT 0,
  day_segments INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (kind, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX lanes_due ON lanes (organization_id, next_at) WHERE next_at IS NOT NULL;
INSERT INTO lanes (kind, id, organization_id, next_at)
  SELECT 'sender', sender_id, min(organization_id), 0 FROM messages WHERE status = 'queued' GROUP BY sender_id;
UPDATE messages SET queued = 1 WHERE status = 'queued';

-- When its text and media were removed, because the organization keeps them for so long only.
ALTER TABLE messages ADD COLUMN body_removed_at INTEGER;
-- What is removed by age, or of one person, is found by these.
CREATE INDEX idempotency_keys_by_time ON idempotency_keys (created_at);
CREATE INDEX events_by_recipient ON events (organization_id, recipient, key) WHERE recipient IS NOT NULL;
CREATE INDEX refused_webhooks_by_organization ON refused_webhooks (organization_id, key)
  WHERE organization_id IS NOT NULL;

-- What is known of a person beside the texts.
CREATE TABLE people (
  organization_id INTEGER NOT NULL,
  phone_number TEXT NOT NULL,
  time_zone TEXT,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (organization_id, phone_number)
) STRICT, WITHOUT ROWID;

CREATE TABLE spending (
  organization_id INTEGER NOT NULL,
  -- Of UTC, as 2026-11-24.
  day TEXT NOT NULL,
  cost_micros INTEGER NOT NULL,
  PRIMARY KEY (organization_id, day)
) STRICT, WITHOUT ROWID;

CREATE TABLE audit_log (
  key INTEGER PRIMARY KEY,
  organization_id INTEGER NOT NULL,
  occurred_at INTEGER NOT NULL,
  -- Who did it: an API key's name and id, the console's user, the command line.
  actor TEXT NOT NULL,
  action TEXT NOT NULL,
  subject TEXT NOT NULL,
  data TEXT NOT NULL
) STRICT;
CREATE INDEX audit_log_by_organization ON audit_log (organization_id, key);

-- One row. A database that stood still, or is another one than before, holds its queue until a person says go.
CREATE TABLE queue_state (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  fingerprint TEXT,
  beat_at INTEGER,
  -- How often that was; a database that knows of fewer than the file beside it was put back.
  beats INTEGER NOT NULL DEFAULT 0,
  held_at INTEGER,
  held_reason TEXT
) STRICT;
INSERT INTO queue_state (id) VALUES (1);
