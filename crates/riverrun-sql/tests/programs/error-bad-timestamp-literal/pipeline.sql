-- A timestamp literal with a letter T.
SELECT TIMESTAMP '2024-02-20T10:00:00';
