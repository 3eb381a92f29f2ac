-- Members' timelines: when the photos that a member has were taken, in their order, beside who has them. The owner sees
-- everybody's, whose order `asset_tile` has; the owner's own rows keep this column empty.

ALTER TABLE holding ADD COLUMN taken TEXT;
UPDATE holding SET taken = (SELECT captured_local FROM asset WHERE id = holding.asset) WHERE person <> 1;
CREATE INDEX holding_timeline ON holding (person, taken, asset) WHERE person <> 1;

CREATE TRIGGER asset_taken_of_holders AFTER UPDATE OF captured_local ON asset
WHEN NEW.captured_local IS NOT OLD.captured_local BEGIN
  UPDATE holding SET taken = NEW.captured_local WHERE asset = NEW.id AND person <> 1;
END;
