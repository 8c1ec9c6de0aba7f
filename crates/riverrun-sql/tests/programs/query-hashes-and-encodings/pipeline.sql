-- Digests and encodings over columns.
SELECT MD5(s) AS m, SHA1(s) AS s1, SHA256(s) AS s2, SHA2(s, 512) AS s5, TO_BASE64(s) AS b, FROM_BASE64(TO_BASE64(s)) AS u, HEX(s) AS h, UNHEX(HEX(s)) AS uh, BIN(CHAR_LENGTH(s)) AS bn, URL_ENCODE(s) AS ue, URL_DECODE(URL_ENCODE(s)) AS ud FROM (VALUES ('a b&c'), (''), ('ü/😀')) AS t(s);
