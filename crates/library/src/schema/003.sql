-- What a device's programs tell about a name of its tree, beside the photo that it stands for.

-- The creation time that the device gave. `created` says when the name came to be.
ALTER TABLE entry ADD COLUMN client_created INTEGER;

-- Properties that programs keep with a name (RFC 4918's dead properties). `value` is XML as answers have it; nothing here reads it.
CREATE TABLE entry_property (
  entry INTEGER NOT NULL REFERENCES entry (id),
  namespace TEXT NOT NULL,
  name TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (entry, namespace, name)
) WITHOUT ROWID;

-- Files that are nobody's photos: what an operating system keeps in a folder for itself, and the empty file that a lock
-- on a new name makes. An entry that has a row here is a file of these bytes and stands for no photo.
CREATE TABLE note (
  entry INTEGER PRIMARY KEY REFERENCES entry (id),
  bytes BLOB NOT NULL
);
