-- readable from: 2
-- What the outbound messages of past hours came to: counted once, when nothing in them is expected to change.
CREATE TABLE message_hours (
  organization_id INTEGER NOT NULL,
  -- Since 1970, of UTC.
  hour INTEGER NOT NULL,
  -- A JSON array of groups with their counts.
  groups TEXT NOT NULL,
  PRIMARY KEY (organization_id, hour)
) STRICT, WITHOUT ROWID;
