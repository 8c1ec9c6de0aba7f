-- VALUES without parentheses.
VALUES 5, 6;
