-- Entries of archives by their place in their collection, below the folder that its archives lie in: what an export's parts
-- hold of one folder lies beside each other (`library::imports`).
ALTER TABLE source_file ADD COLUMN inside TEXT;
UPDATE source_file
SET inside = rtrim(substr(place, 1, instr(place, '//') - 1),
                   replace(replace(substr(place, 1, instr(place, '//') - 1), '/', ''), '\', '')) || '/' || shown
WHERE instr(place, '//') > 0 AND shown IS NOT NULL;
CREATE INDEX source_file_inside ON source_file (inside) WHERE inside IS NOT NULL;
