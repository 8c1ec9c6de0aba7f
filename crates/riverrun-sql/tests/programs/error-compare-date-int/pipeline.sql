-- A date compared with a number.
SELECT DATE '2024-01-01' > 5;
