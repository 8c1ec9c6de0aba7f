-- An interval without its unit.
SELECT INTERVAL '1';
