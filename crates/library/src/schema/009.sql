-- Collections that a person brings in: `library::imports`.

CREATE TABLE import (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  person INTEGER NOT NULL REFERENCES person (id),
  request TEXT NOT NULL,
  state TEXT NOT NULL,
  began_at INTEGER NOT NULL,
  changed_at INTEGER NOT NULL
);

-- What a person must be told of a collection's files, by name.
CREATE TABLE import_note (
  import INTEGER NOT NULL REFERENCES import (id) ON DELETE CASCADE,
  what TEXT NOT NULL,
  shown TEXT NOT NULL,
  message TEXT NOT NULL,
  PRIMARY KEY (import, what, shown)
) WITHOUT ROWID;

-- Files of collections whose bytes were read. As long as size and time stay, so does the hash. Without a person the
-- file was only looked at.
CREATE TABLE source_file (
  place TEXT PRIMARY KEY,
  size INTEGER NOT NULL,
  modified INTEGER NOT NULL,
  hash BLOB NOT NULL,
  person INTEGER,
  import INTEGER,
  outcome TEXT,
  shown TEXT
) WITHOUT ROWID;
CREATE INDEX source_file_of_import ON source_file (import, outcome, place) WHERE import IS NOT NULL;

-- Whether any photo has a size: a file of another size needs no hash to be new.
CREATE INDEX asset_size ON asset (size);
