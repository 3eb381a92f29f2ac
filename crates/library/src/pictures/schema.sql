-- Pictures of photos, by the photo's hash. All of it can be made again from the photos.

-- What came of drawing a photo: a thumbnail with its placeholder, or the reason why there can be none. The blob stands
-- last: who asks for the rest does not read it.
CREATE TABLE picture (
  id INTEGER PRIMARY KEY,
  hash BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),
  refusal TEXT,
  reason TEXT,
  placeholder BLOB,
  thumbnail BLOB
);
CREATE INDEX picture_refused ON picture (hash) WHERE refusal IS NOT NULL;

-- Larger pictures, made when somebody looks. The longest unused go first.
CREATE TABLE preview (
  id INTEGER PRIMARY KEY,
  hash BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),
  used_at INTEGER NOT NULL,
  size INTEGER NOT NULL,
  jpeg BLOB NOT NULL
);
CREATE INDEX preview_used ON preview (used_at, size);

-- The photos that nobody has tried to draw yet: those of the catalogue `catalogue` whose numbers are above `top`, and
-- those above a gap's `low`, up to and with its `high`.
CREATE TABLE progress (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  catalogue TEXT NOT NULL,
  top INTEGER NOT NULL
);
INSERT INTO progress VALUES (1, '', 0);
CREATE TABLE gap (
  low INTEGER PRIMARY KEY,
  high INTEGER NOT NULL
);

-- Photos that could not be drawn for a reason that may pass.
CREATE TABLE again (
  hash BLOB PRIMARY KEY CHECK (length(hash) = 32),
  attempts INTEGER NOT NULL,
  due INTEGER NOT NULL,
  reason TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX again_due ON again (due);
