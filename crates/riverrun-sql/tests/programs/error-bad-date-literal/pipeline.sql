-- A date that doesn't exist.
SELECT DATE '2024-02-30';
