-- What is no statement.
SELEC 1;
