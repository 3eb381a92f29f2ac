-- The catalogue, version 1.
--
-- Times are microseconds since 1970-01-01 UTC. Ids of photos, devices, destinations, entries and arrivals are never
-- used again (AUTOINCREMENT). Tallies are kept by the triggers at the end, in the transaction of the fact they count.

CREATE TABLE setting (
  key TEXT PRIMARY KEY,
  value TEXT NOT NULL
) WITHOUT ROWID;

-- One row. `revision` grows with every change of a device's tree or of what must go offsite.
CREATE TABLE tally (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  revision INTEGER NOT NULL,
  photos INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  home_verified INTEGER NOT NULL,
  safe INTEGER NOT NULL
);
INSERT INTO tally VALUES (1, 0, 0, 0, 0, 0);

-- A photo, known by its bytes. (folder_key, name_key) is what its path has in common with every path that some file
-- system would take for the same one (LibraryPath::collision_key), cut at the last slash.
CREATE TABLE asset (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  hash BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),
  size INTEGER NOT NULL,
  kind TEXT NOT NULL,
  path TEXT NOT NULL,
  folder_key TEXT NOT NULL,
  name_key TEXT NOT NULL,
  original_name TEXT NOT NULL,
  captured_local TEXT,
  captured_offset INTEGER,
  captured_source TEXT,
  captured_precision TEXT,
  modified INTEGER NOT NULL,
  added_at INTEGER NOT NULL,
  safe INTEGER NOT NULL DEFAULT 0,
  UNIQUE (folder_key, name_key)
);
CREATE INDEX asset_not_safe ON asset (id) WHERE safe = 0;

-- What was proved of a photo's copy in one place: 0 is home, any other number a destination.
CREATE TABLE copy (
  asset INTEGER NOT NULL REFERENCES asset (id),
  place INTEGER NOT NULL,
  state TEXT NOT NULL,
  proof TEXT NOT NULL,
  at INTEGER NOT NULL,
  -- A row of `snapshot`; not declared as such, because removing a destination would look through all copies for each.
  snapshot INTEGER,
  PRIMARY KEY (asset, place)
) WITHOUT ROWID;

CREATE TABLE device (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL,
  user TEXT NOT NULL UNIQUE,
  secret_hash TEXT NOT NULL,
  token_hash TEXT NOT NULL UNIQUE,
  created_at INTEGER NOT NULL,
  revoked_at INTEGER,
  last_seen_at INTEGER,
  last_seen_from TEXT,
  photos INTEGER NOT NULL DEFAULT 0
);

-- Each time that somebody brought a photo, also one that was already here.
CREATE TABLE arrival (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  asset INTEGER NOT NULL REFERENCES asset (id),
  device INTEGER REFERENCES device (id),
  device_path TEXT,
  at INTEGER NOT NULL,
  outcome TEXT NOT NULL
);
CREATE INDEX arrival_asset ON arrival (asset);

-- A device's own tree. A tree's root has no parent and no name. Removed entries stay, hidden with all below them.
CREATE TABLE entry (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  device INTEGER NOT NULL REFERENCES device (id),
  parent INTEGER REFERENCES entry (id),
  name TEXT NOT NULL,
  asset INTEGER REFERENCES asset (id),
  modified INTEGER NOT NULL,
  created INTEGER NOT NULL,
  version INTEGER NOT NULL,
  removed_at INTEGER
);
CREATE UNIQUE INDEX entry_child ON entry (parent, name) WHERE parent IS NOT NULL AND removed_at IS NULL;
CREATE UNIQUE INDEX entry_root ON entry (device) WHERE parent IS NULL;
CREATE INDEX entry_asset ON entry (asset) WHERE asset IS NOT NULL;

CREATE TABLE destination (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE,
  url TEXT NOT NULL,
  repository_id TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  last_snapshot TEXT,
  last_snapshot_at INTEGER,
  last_verified_at INTEGER,
  photos INTEGER NOT NULL DEFAULT 0,
  pending INTEGER NOT NULL DEFAULT 0
);

CREATE TABLE snapshot (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  destination INTEGER NOT NULL REFERENCES destination (id),
  name TEXT NOT NULL,
  at INTEGER NOT NULL,
  UNIQUE (destination, name)
);

-- What the next snapshot of a destination must take in. `since` is the revision of the reason.
CREATE TABLE offsite_pending (
  destination INTEGER NOT NULL REFERENCES destination (id),
  asset INTEGER NOT NULL REFERENCES asset (id),
  since INTEGER NOT NULL,
  PRIMARY KEY (destination, asset)
) WITHOUT ROWID;

-- Paths that a rename of `asset` took out of the tree. Each stays in a destination's snapshots until one has the photo
-- under its new path.
CREATE TABLE offsite_removal (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  destination INTEGER NOT NULL REFERENCES destination (id),
  asset INTEGER NOT NULL REFERENCES asset (id),
  path TEXT NOT NULL
);
CREATE INDEX offsite_removal_path ON offsite_removal (path);

-- Plain-text files that belong in every snapshot, by their path below the library folder, and how often each changed.
CREATE TABLE manifest (
  path TEXT PRIMARY KEY,
  version INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE manifest_stored (
  destination INTEGER NOT NULL REFERENCES destination (id),
  path TEXT NOT NULL,
  version INTEGER NOT NULL,
  PRIMARY KEY (destination, path)
) WITHOUT ROWID;
-- Photos that have no line in a manifest yet, and folders whose manifest must be written anew.
CREATE TABLE manifest_line_due (asset INTEGER PRIMARY KEY REFERENCES asset (id));
CREATE TABLE manifest_rewrite_due (
  folder TEXT PRIMARY KEY,
  version INTEGER NOT NULL
) WITHOUT ROWID;

-- `place` is what it is in `copy`: a photo may have the same trouble in several destinations.
CREATE TABLE problem (
  kind TEXT NOT NULL,
  path TEXT NOT NULL,
  place INTEGER NOT NULL,
  message TEXT NOT NULL,
  first_seen INTEGER NOT NULL,
  last_seen INTEGER NOT NULL,
  PRIMARY KEY (kind, path, place)
) WITHOUT ROWID;

CREATE TABLE session (
  token_hash TEXT PRIMARY KEY,
  expires INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE job (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  kind TEXT NOT NULL,
  key TEXT NOT NULL,
  payload TEXT NOT NULL,
  run_at INTEGER NOT NULL,
  claimed_at INTEGER,
  attempts INTEGER NOT NULL DEFAULT 0,
  last_error TEXT
);
CREATE UNIQUE INDEX job_waiting ON job (kind, key) WHERE claimed_at IS NULL;
CREATE INDEX job_due ON job (run_at) WHERE claimed_at IS NULL;

-- The tallies.

CREATE TRIGGER asset_added AFTER INSERT ON asset BEGIN
  UPDATE tally SET photos = photos + 1, bytes = bytes + NEW.size, safe = safe + NEW.safe;
END;
CREATE TRIGGER asset_safety AFTER UPDATE OF safe ON asset WHEN NEW.safe <> OLD.safe BEGIN
  UPDATE tally SET safe = safe + NEW.safe - OLD.safe;
END;

CREATE TRIGGER copy_home_added AFTER INSERT ON copy
WHEN NEW.place = 0 AND NEW.state = 'good' AND NEW.proof = 'read-back' BEGIN
  UPDATE tally SET home_verified = home_verified + 1;
END;
CREATE TRIGGER copy_home_changed AFTER UPDATE OF state, proof ON copy
WHEN NEW.place = 0
 AND (NEW.state = 'good' AND NEW.proof = 'read-back') <> (OLD.state = 'good' AND OLD.proof = 'read-back') BEGIN
  UPDATE tally SET home_verified = home_verified
    + (NEW.state = 'good' AND NEW.proof = 'read-back') - (OLD.state = 'good' AND OLD.proof = 'read-back');
END;
CREATE TRIGGER copy_offsite_added AFTER INSERT ON copy WHEN NEW.place <> 0 AND NEW.state = 'good' BEGIN
  UPDATE destination SET photos = photos + 1 WHERE id = NEW.place;
END;
CREATE TRIGGER copy_offsite_changed AFTER UPDATE OF state ON copy
WHEN NEW.place <> 0 AND (NEW.state = 'good') <> (OLD.state = 'good') BEGIN
  UPDATE destination SET photos = photos + (NEW.state = 'good') - (OLD.state = 'good') WHERE id = NEW.place;
END;
CREATE TRIGGER copy_offsite_removed AFTER DELETE ON copy WHEN OLD.place <> 0 AND OLD.state = 'good' BEGIN
  UPDATE destination SET photos = photos - 1 WHERE id = OLD.place;
END;

CREATE TRIGGER offsite_pending_added AFTER INSERT ON offsite_pending BEGIN
  UPDATE destination SET pending = pending + 1 WHERE id = NEW.destination;
END;
CREATE TRIGGER offsite_pending_removed AFTER DELETE ON offsite_pending BEGIN
  UPDATE destination SET pending = pending - 1 WHERE id = OLD.destination;
END;
