-- readable from: 2
-- People who sign in to the console.
CREATE TABLE users (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  organization_id INTEGER NOT NULL,
  name TEXT NOT NULL,
  -- As names are compared: without case, in one form of each letter.
  name_key TEXT NOT NULL,
  role TEXT NOT NULL,
  -- With its salt and parameters; absent until a password was set.
  password_hash TEXT,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  last_signed_in_at INTEGER,
  UNIQUE (name_key, organization_id)
) STRICT;
CREATE INDEX users_by_organization ON users (organization_id);

CREATE TABLE sessions (
  -- SHA-256 of the token.
  hash TEXT PRIMARY KEY,
  user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  organization_id INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  last_seen_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_by_user ON sessions (user_id, created_at);
CREATE INDEX sessions_by_end ON sessions (expires_at);

-- Each lets somebody in once.
CREATE TABLE sign_in_links (
  -- SHA-256 of the token.
  hash TEXT PRIMARY KEY,
  organization_id INTEGER NOT NULL,
  -- Absent: it makes the first owner.
  user_id INTEGER REFERENCES users (id) ON DELETE CASCADE,
  sets_password INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sign_in_links_by_user ON sign_in_links (user_id);
CREATE INDEX sign_in_links_by_end ON sign_in_links (expires_at);
