-- DROP TABLE of what isn't there.
DROP TABLE nothing;
SELECT 1;
