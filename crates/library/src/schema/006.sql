-- What a photo says of itself, so that the page need not open its file; and what belongs together.

-- The version of the reader (`safelight_media::READER`) whose words these are; 0: nobody has read the file for them yet. A
-- step that comes with a better reader sets 0 again where it would say more.
ALTER TABLE asset ADD COLUMN described INTEGER NOT NULL DEFAULT 0;
ALTER TABLE asset ADD COLUMN mime TEXT;
-- In pixels, as it is shown; and how far the stored picture is turned for that, clockwise, in degrees.
ALTER TABLE asset ADD COLUMN width INTEGER;
ALTER TABLE asset ADD COLUMN height INTEGER;
ALTER TABLE asset ADD COLUMN rotation INTEGER;
-- In milliseconds.
ALTER TABLE asset ADD COLUMN duration INTEGER;
-- In degrees of WGS 84.
ALTER TABLE asset ADD COLUMN latitude REAL;
ALTER TABLE asset ADD COLUMN longitude REAL;
ALTER TABLE asset ADD COLUMN make TEXT;
ALTER TABLE asset ADD COLUMN model TEXT;
-- Apple's identifiers: that of the parts of a Live Photo, and that of the pictures of a burst.
ALTER TABLE asset ADD COLUMN content_id TEXT;
ALTER TABLE asset ADD COLUMN burst_id TEXT;
-- Where the video of a Motion Photo begins in its file, in bytes.
ALTER TABLE asset ADD COLUMN motion_video INTEGER;

-- The photo that stands for this one and its whole group; empty for a photo of its own, and for the one that stands for a
-- group. `role` says what this one is to it (`core::group::Role`).
ALTER TABLE asset ADD COLUMN part_of INTEGER REFERENCES asset (id);
ALTER TABLE asset ADD COLUMN role TEXT;

CREATE INDEX asset_not_described ON asset (id) WHERE described = 0;
CREATE INDEX asset_content_id ON asset (content_id) WHERE content_id IS NOT NULL;
CREATE INDEX asset_burst_id ON asset (burst_id) WHERE burst_id IS NOT NULL;
CREATE INDEX asset_part_of ON asset (part_of) WHERE part_of IS NOT NULL;
-- The tiles, in the order of their capture.
CREATE INDEX asset_tile ON asset (captured_local, id) WHERE part_of IS NULL;
