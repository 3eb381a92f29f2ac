-- The timeline without counting: how many tiles each day has, and for members which of the photos that they have are tiles.

-- How many tiles there are, by day. Person 0 stands for everybody's photos, which the owner sees. Days are `2024-05-17`;
-- '' are the photos that have no date, 'other' the files that stand aside.
CREATE TABLE timeline_day (
  person INTEGER NOT NULL,
  day TEXT NOT NULL,
  tiles INTEGER NOT NULL,
  PRIMARY KEY (person, day)
) WITHOUT ROWID;

-- 1: neither a photo nor a video, nor called like one. Such files stand aside from the timeline, listed by themselves.
ALTER TABLE asset ADD COLUMN aside INTEGER NOT NULL DEFAULT 0;
UPDATE asset SET aside = 1 WHERE kind = 'other' AND NOT (
  original_name LIKE '%.jpg' OR original_name LIKE '%.jpeg' OR original_name LIKE '%.jpe'
    OR original_name LIKE '%.heic' OR original_name LIKE '%.heif' OR original_name LIKE '%.hif'
    OR original_name LIKE '%.avif' OR original_name LIKE '%.png' OR original_name LIKE '%.webp'
    OR original_name LIKE '%.gif' OR original_name LIKE '%.tif' OR original_name LIKE '%.tiff'
    OR original_name LIKE '%.dng' OR original_name LIKE '%.cr2' OR original_name LIKE '%.cr3'
    OR original_name LIKE '%.nef' OR original_name LIKE '%.arw' OR original_name LIKE '%.orf'
    OR original_name LIKE '%.rw2' OR original_name LIKE '%.raf' OR original_name LIKE '%.jxl'
    OR original_name LIKE '%.mp4' OR original_name LIKE '%.mov' OR original_name LIKE '%.m4v'
    OR original_name LIKE '%.3gp' OR original_name LIKE '%.mkv' OR original_name LIKE '%.webm'
    OR original_name LIKE '%.mts');
DROP INDEX asset_tile;
CREATE INDEX asset_tile ON asset (captured_local, id) WHERE part_of IS NULL AND aside = 0;
CREATE INDEX asset_aside ON asset (captured_local, id) WHERE part_of IS NULL AND aside = 1;

-- What a member sees of a group: the one that stands for it, or, if the member does not have that, the best of what the
-- member has. Of several devices' rows of the same photo one counts. 1: a tile of the timeline; 2: a file that stands
-- aside. `library::timeline` finds it anew whenever a group changes, or what a member has of it.
ALTER TABLE holding ADD COLUMN tile INTEGER NOT NULL DEFAULT 0;
UPDATE holding SET tile = iif(
  device = (SELECT min(o.device) FROM holding o WHERE o.asset = holding.asset AND o.person = holding.person)
  AND asset = (
    SELECT o.asset FROM asset own JOIN asset m JOIN holding o ON o.asset = m.id
    WHERE own.id = holding.asset AND o.person = holding.person AND m.id IN (
      SELECT id FROM asset WHERE id = coalesce(own.part_of, own.id) AND part_of IS NULL
      UNION ALL SELECT id FROM asset WHERE part_of = coalesce(own.part_of, own.id))
    ORDER BY CASE m.role WHEN 'edited' THEN 1 WHEN 'alternate' THEN 2 WHEN 'burst' THEN 3 WHEN 'original' THEN 4
      WHEN 'raw' THEN 5 WHEN 'motion' THEN 6 WHEN 'sidecar' THEN 7 ELSE 0 END, m.id
    LIMIT 1),
  1 + (SELECT aside FROM asset WHERE id = holding.asset), 0)
WHERE person <> 1;
DROP INDEX holding_timeline;
CREATE INDEX holding_timeline ON holding (person, taken, asset) WHERE person <> 1 AND tile = 1;
CREATE INDEX holding_aside ON holding (person, taken, asset) WHERE person <> 1 AND tile = 2;

INSERT INTO timeline_day
  SELECT 0, iif(aside = 1, 'other', coalesce(substr(captured_local, 1, 10), '')), count(*)
  FROM asset WHERE part_of IS NULL GROUP BY 2;
INSERT INTO timeline_day
  SELECT person, iif(tile = 2, 'other', coalesce(substr(taken, 1, 10), '')), count(*)
  FROM holding WHERE person <> 1 AND tile <> 0 GROUP BY 1, 2;

CREATE TRIGGER asset_added_to_day AFTER INSERT ON asset WHEN NEW.part_of IS NULL BEGIN
  INSERT INTO timeline_day
    VALUES (0, iif(NEW.aside = 1, 'other', coalesce(substr(NEW.captured_local, 1, 10), '')), 1)
    ON CONFLICT (person, day) DO UPDATE SET tiles = tiles + 1;
END;
CREATE TRIGGER asset_changed_day AFTER UPDATE OF captured_local, part_of ON asset
WHEN NEW.captured_local IS NOT OLD.captured_local OR NEW.part_of IS NOT OLD.part_of BEGIN
  UPDATE timeline_day SET tiles = tiles - 1 WHERE OLD.part_of IS NULL AND person = 0
    AND day = iif(OLD.aside = 1, 'other', coalesce(substr(OLD.captured_local, 1, 10), ''));
  DELETE FROM timeline_day WHERE tiles = 0 AND person = 0
    AND day = iif(OLD.aside = 1, 'other', coalesce(substr(OLD.captured_local, 1, 10), ''));
  INSERT INTO timeline_day
    SELECT 0, iif(NEW.aside = 1, 'other', coalesce(substr(NEW.captured_local, 1, 10), '')), 1 WHERE NEW.part_of IS NULL
    ON CONFLICT (person, day) DO UPDATE SET tiles = tiles + 1;
END;

CREATE TRIGGER holding_changed_day AFTER UPDATE OF tile, taken ON holding
WHEN NEW.person <> 1 AND (NEW.tile <> OLD.tile OR NEW.taken IS NOT OLD.taken) BEGIN
  UPDATE timeline_day SET tiles = tiles - 1 WHERE OLD.tile <> 0 AND person = OLD.person
    AND day = iif(OLD.tile = 2, 'other', coalesce(substr(OLD.taken, 1, 10), ''));
  DELETE FROM timeline_day WHERE tiles = 0 AND person = OLD.person
    AND day = iif(OLD.tile = 2, 'other', coalesce(substr(OLD.taken, 1, 10), ''));
  INSERT INTO timeline_day
    SELECT NEW.person, iif(NEW.tile = 2, 'other', coalesce(substr(NEW.taken, 1, 10), '')), 1 WHERE NEW.tile <> 0
    ON CONFLICT (person, day) DO UPDATE SET tiles = tiles + 1;
END;

-- Whether a correction is of a photo: its group's late parts are to be of it, too.
CREATE INDEX correction_photo_asset ON correction_photo (asset);
