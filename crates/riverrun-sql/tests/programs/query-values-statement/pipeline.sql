-- VALUES as the whole statement.
VALUES (1, 'a'), (2, 'b');
