-- A view over a table that isn't there.
CREATE VIEW w AS SELECT id FROM nothing;
SELECT 1;
