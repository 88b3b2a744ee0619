-- readable from: 2
-- What the outbound messages of past hours came to: counted once, when nothing in them is expected to change.
CREATE TABLE message_hours (
  organization_id BIGINT NOT NULL,
  -- Since 1970, of UTC.
  hour BIGINT NOT NULL,
  -- A JSON array of groups with their counts.
  groups TEXT NOT NULL,
  PRIMARY KEY (organization_id, hour)
);
