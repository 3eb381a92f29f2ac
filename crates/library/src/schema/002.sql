-- The catalogue, version 2: people, who has which photo, and what each device is to hear.

-- Who may look at the page. Number 1 is the owner. `folder` is the name that all folders of the person's new photos begin
-- with; the owner's have none. Who was removed stays, without a secret, because the photos stay theirs.
CREATE TABLE person (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL,
  name_key TEXT NOT NULL UNIQUE,
  folder TEXT NOT NULL,
  folder_key TEXT NOT NULL UNIQUE,
  secret_hash TEXT,
  removed_at INTEGER,
  photos INTEGER NOT NULL DEFAULT 0,
  bytes INTEGER NOT NULL DEFAULT 0,
  not_yet_safe INTEGER NOT NULL DEFAULT 0
);
INSERT INTO person (id, name, name_key, folder, folder_key, secret_hash)
  VALUES (1, 'Owner', 'owner', '', '', (SELECT value FROM setting WHERE key = 'owner-password'));
DELETE FROM setting WHERE key = 'owner-password';

-- Rows of `person`; not declared as such, because SQLite adds no such column that must not be empty.
ALTER TABLE device ADD COLUMN person INTEGER NOT NULL DEFAULT 1;
ALTER TABLE arrival ADD COLUMN person INTEGER NOT NULL DEFAULT 1;

-- What the device's 2xx means: 'home' or 'offsite'. And whether its silence is a problem.
ALTER TABLE device ADD COLUMN acknowledge TEXT NOT NULL DEFAULT 'home';
ALTER TABLE device ADD COLUMN tell_silence INTEGER NOT NULL DEFAULT 1;
ALTER TABLE device ADD COLUMN last_arrival_at INTEGER;
ALTER TABLE device ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE device ADD COLUMN not_yet_safe INTEGER NOT NULL DEFAULT 0;

CREATE INDEX arrival_device ON arrival (device) WHERE device IS NOT NULL;
-- The owner sees everybody's, which needs no index.
CREATE INDEX arrival_person ON arrival (person) WHERE person <> 1;

-- Who has which photo, once for each device that brought it; device 0 stands for the library folder itself. `waiting` is
-- the opposite of the photo's `safe`.
CREATE TABLE holding (
  asset INTEGER NOT NULL REFERENCES asset (id),
  person INTEGER NOT NULL REFERENCES person (id),
  device INTEGER NOT NULL,
  waiting INTEGER NOT NULL,
  PRIMARY KEY (asset, person, device)
) WITHOUT ROWID;
INSERT INTO holding (asset, person, device, waiting)
  SELECT DISTINCT r.asset, 1, coalesce(r.device, 0), 1 - a.safe FROM arrival r JOIN asset a ON a.id = r.asset;
CREATE INDEX holding_device_waiting ON holding (device, asset) WHERE waiting = 1 AND device <> 0;
CREATE INDEX holding_person_waiting ON holding (person, asset) WHERE waiting = 1 AND person <> 1;

UPDATE device SET
  last_arrival_at = (SELECT at FROM arrival r WHERE r.device = device.id ORDER BY r.id DESC LIMIT 1),
  (photos, bytes, not_yet_safe) = (
    SELECT count(*), coalesce(sum(a.size), 0), coalesce(sum(h.waiting), 0)
    FROM holding h JOIN asset a ON a.id = h.asset WHERE h.device = device.id
  );
UPDATE person SET (photos, bytes, not_yet_safe) = (
  SELECT count(*), coalesce(sum(a.size), 0), coalesce(sum(1 - a.safe), 0)
  FROM asset a WHERE EXISTS (SELECT 1 FROM holding h WHERE h.asset = a.id AND h.person = person.id)
);

CREATE TRIGGER holding_added AFTER INSERT ON holding BEGIN
  UPDATE device SET photos = photos + 1, not_yet_safe = not_yet_safe + NEW.waiting,
    bytes = bytes + (SELECT size FROM asset WHERE id = NEW.asset) WHERE id = NEW.device;
  UPDATE person SET photos = photos + 1, not_yet_safe = not_yet_safe + NEW.waiting,
    bytes = bytes + (SELECT size FROM asset WHERE id = NEW.asset) WHERE id = NEW.person
    AND (SELECT count(*) FROM holding WHERE asset = NEW.asset AND person = NEW.person) = 1;
END;
CREATE TRIGGER holding_removed AFTER DELETE ON holding BEGIN
  UPDATE device SET photos = photos - 1, not_yet_safe = not_yet_safe - OLD.waiting,
    bytes = bytes - (SELECT size FROM asset WHERE id = OLD.asset) WHERE id = OLD.device;
  UPDATE person SET photos = photos - 1, not_yet_safe = not_yet_safe - OLD.waiting,
    bytes = bytes - (SELECT size FROM asset WHERE id = OLD.asset) WHERE id = OLD.person
    AND NOT EXISTS (SELECT 1 FROM holding WHERE asset = OLD.asset AND person = OLD.person);
END;
CREATE TRIGGER asset_safety_of_holders AFTER UPDATE OF safe ON asset WHEN NEW.safe <> OLD.safe BEGIN
  UPDATE device SET not_yet_safe = not_yet_safe + OLD.safe - NEW.safe
    WHERE id IN (SELECT device FROM holding WHERE asset = NEW.id);
  UPDATE person SET not_yet_safe = not_yet_safe + OLD.safe - NEW.safe
    WHERE id IN (SELECT person FROM holding WHERE asset = NEW.id);
  UPDATE holding SET waiting = 1 - NEW.safe WHERE asset = NEW.id;
END;

-- The page's sessions, each with a number that a list can name. How long one lasts is the engine's business: 30 days.
ALTER TABLE session RENAME TO session_before;
CREATE TABLE session (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  token_hash TEXT NOT NULL UNIQUE,
  person INTEGER NOT NULL REFERENCES person (id),
  started_at INTEGER NOT NULL,
  expires INTEGER NOT NULL,
  last_seen_at INTEGER NOT NULL,
  last_seen_from TEXT NOT NULL
);
CREATE INDEX session_person ON session (person);
INSERT INTO session (token_hash, person, started_at, expires, last_seen_at, last_seen_from)
  SELECT token_hash, 1, expires - 2592000000000, expires, expires - 2592000000000, '' FROM session_before;
DROP TABLE session_before;
