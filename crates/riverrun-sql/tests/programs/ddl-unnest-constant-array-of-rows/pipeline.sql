-- UNNEST of constructed rows.
SELECT a, b, o FROM UNNEST(ARRAY[ROW(1, 'x'), ROW(2, 'y')]) WITH ORDINALITY AS t(a, b, o);
