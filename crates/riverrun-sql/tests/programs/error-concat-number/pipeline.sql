-- || of a number.
SELECT 1 || 'a';
