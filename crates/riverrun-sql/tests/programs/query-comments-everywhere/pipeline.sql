-- Comments within a statement.
SELECT /* a comment */ 1 AS a, -- to the end
  /* several
     lines */ 2 AS b;
