-- Index 0 of an array.
SELECT ARRAY[1, 2][0];
