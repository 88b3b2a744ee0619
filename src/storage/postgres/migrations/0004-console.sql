-- readable from: 2
-- People who sign in to the console.
CREATE TABLE users (
  id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  organization_id BIGINT NOT NULL,
  name TEXT NOT NULL,
  -- As names are compared: without case, in one form of each letter.
  name_key TEXT NOT NULL,
  role TEXT NOT NULL,
  -- With its salt and parameters; absent until a password was set.
  password_hash TEXT,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  last_signed_in_at BIGINT,
  UNIQUE (name_key, organization_id)
);
CREATE INDEX users_by_organization ON users (organization_id);

CREATE TABLE sessions (
  -- SHA-256 of the token.
  hash TEXT PRIMARY KEY,
  user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  organization_id BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  last_seen_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
);
CREATE INDEX sessions_by_user ON sessions (user_id, created_at);
CREATE INDEX sessions_by_end ON sessions (expires_at);

-- Each lets somebody in once.
CREATE TABLE sign_in_links (
  -- SHA-256 of the token.
  hash TEXT PRIMARY KEY,
  organization_id BIGINT NOT NULL,
  -- Absent: it makes the first owner.
  user_id BIGINT REFERENCES users (id) ON DELETE CASCADE,
  sets_password BOOLEAN NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
);
CREATE INDEX sign_in_links_by_user ON sign_in_links (user_id);
CREATE INDEX sign_in_links_by_end ON sign_in_links (expires_at);
