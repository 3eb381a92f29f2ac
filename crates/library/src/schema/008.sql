-- What is said of photos beside their bytes, and dates that were put right.

-- The time that counts is in the photo's own row (`captured_…`); here is where it comes from: `own_…` is the time of the
-- file itself, its name or its sender, `sidecar_…` what the collection said that it came from, `person_…` what a person
-- put right. `own_modified` is the file's time that goes with the photo's own. A photo without a row has nothing but its own.
CREATE TABLE remark (
  asset INTEGER PRIMARY KEY REFERENCES asset (id),
  own_local TEXT,
  own_offset INTEGER,
  own_source TEXT,
  own_precision TEXT,
  own_modified INTEGER,
  sidecar_local TEXT,
  sidecar_offset INTEGER,
  sidecar_source TEXT,
  sidecar_precision TEXT,
  person_local TEXT,
  person_offset INTEGER,
  person_source TEXT,
  person_precision TEXT,
  latitude REAL,
  longitude REAL,
  description TEXT,
  favourite INTEGER NOT NULL DEFAULT 0
);

-- `file` is the name of the album's list in the library folder, `file_key` what it has in common with every name that some
-- file system would take for the same one: two names with the same key are one album.
CREATE TABLE album (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL,
  file TEXT NOT NULL,
  file_key TEXT NOT NULL UNIQUE
);
CREATE TABLE album_photo (
  album INTEGER NOT NULL REFERENCES album (id),
  asset INTEGER NOT NULL REFERENCES asset (id),
  PRIMARY KEY (album, asset)
) WITHOUT ROWID;
CREATE INDEX album_photo_asset ON album_photo (asset);

-- Albums whose list is not true any more.
CREATE TABLE album_list_due (
  album INTEGER PRIMARY KEY REFERENCES album (id),
  version INTEGER NOT NULL
);
CREATE TRIGGER album_photo_added AFTER INSERT ON album_photo BEGIN
  INSERT INTO album_list_due VALUES (NEW.album, 1) ON CONFLICT (album) DO UPDATE SET version = version + 1;
END;
CREATE TRIGGER asset_of_albums_moved AFTER UPDATE OF path ON asset WHEN NEW.path <> OLD.path BEGIN
  INSERT INTO album_list_due SELECT album, 1 FROM album_photo WHERE asset = NEW.id
    ON CONFLICT (album) DO UPDATE SET version = version + 1;
END;

-- Files whose modification time is to become another, because their capture time did.
CREATE TABLE file_time_due (
  asset INTEGER PRIMARY KEY REFERENCES asset (id),
  modified INTEGER NOT NULL
);

-- What people put right, each with the photos that it changed: what a person had said of each before, and said then.
CREATE TABLE correction (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  person INTEGER NOT NULL REFERENCES person (id),
  at INTEGER NOT NULL,
  what TEXT NOT NULL,
  photos INTEGER NOT NULL,
  undone_at INTEGER
);
CREATE INDEX correction_person ON correction (person);
CREATE TABLE correction_photo (
  correction INTEGER NOT NULL REFERENCES correction (id),
  asset INTEGER NOT NULL REFERENCES asset (id),
  before_local TEXT,
  before_offset INTEGER,
  before_source TEXT,
  before_precision TEXT,
  after_local TEXT,
  after_offset INTEGER,
  after_source TEXT,
  after_precision TEXT,
  PRIMARY KEY (correction, asset)
) WITHOUT ROWID;
