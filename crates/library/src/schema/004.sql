-- Uploads in pieces that became photos: for a day, whoever did not hear the answer is told again.

CREATE TABLE finished_upload (
  device INTEGER NOT NULL REFERENCES device (id),
  name TEXT NOT NULL,
  asset INTEGER NOT NULL REFERENCES asset (id),
  path TEXT NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (device, name)
) WITHOUT ROWID;
CREATE INDEX finished_upload_at ON finished_upload (at);
