-- USE of an unknown database.
USE nowhere;
SELECT 1;
