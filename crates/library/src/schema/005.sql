-- How many bytes each device's programs keep in the catalogue, in notes and in properties. `library::kept` bounds them.

ALTER TABLE device ADD COLUMN kept_bytes INTEGER NOT NULL DEFAULT 0;

UPDATE device SET kept_bytes =
  (SELECT coalesce(sum(length(n.bytes)), 0) FROM note n JOIN entry e ON e.id = n.entry WHERE e.device = device.id)
  + (SELECT coalesce(sum(
       length(CAST(p.namespace AS BLOB)) + length(CAST(p.name AS BLOB)) + length(CAST(p.value AS BLOB))), 0)
     FROM entry_property p JOIN entry e ON e.id = p.entry WHERE e.device = device.id);

-- A replacing INSERT fires no trigger for the row that it replaces: rows here are changed by UPDATE.
CREATE TRIGGER note_added AFTER INSERT ON note BEGIN
  UPDATE device SET kept_bytes = kept_bytes + length(NEW.bytes)
    WHERE id = (SELECT device FROM entry WHERE id = NEW.entry);
END;
CREATE TRIGGER note_changed AFTER UPDATE OF bytes ON note BEGIN
  UPDATE device SET kept_bytes = kept_bytes + length(NEW.bytes) - length(OLD.bytes)
    WHERE id = (SELECT device FROM entry WHERE id = NEW.entry);
END;
CREATE TRIGGER note_removed AFTER DELETE ON note BEGIN
  UPDATE device SET kept_bytes = kept_bytes - length(OLD.bytes)
    WHERE id = (SELECT device FROM entry WHERE id = OLD.entry);
END;
CREATE TRIGGER entry_property_added AFTER INSERT ON entry_property BEGIN
  UPDATE device SET kept_bytes = kept_bytes + length(CAST(NEW.namespace AS BLOB)) + length(CAST(NEW.name AS BLOB))
    + length(CAST(NEW.value AS BLOB)) WHERE id = (SELECT device FROM entry WHERE id = NEW.entry);
END;
CREATE TRIGGER entry_property_changed AFTER UPDATE OF value ON entry_property BEGIN
  UPDATE device SET kept_bytes = kept_bytes + length(CAST(NEW.value AS BLOB)) - length(CAST(OLD.value AS BLOB))
    WHERE id = (SELECT device FROM entry WHERE id = NEW.entry);
END;
CREATE TRIGGER entry_property_removed AFTER DELETE ON entry_property BEGIN
  UPDATE device SET kept_bytes = kept_bytes - length(CAST(OLD.namespace AS BLOB)) - length(CAST(OLD.name AS BLOB))
    - length(CAST(OLD.value AS BLOB)) WHERE id = (SELECT device FROM entry WHERE id = OLD.entry);
END;
