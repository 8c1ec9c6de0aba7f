-- Unnest alone.
SELECT e FROM UNNEST(ARRAY['x', 'y']) AS t(e);
