-- JSON built from columns, nested, with and without NULLs.
CREATE TABLE plain (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3)
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
SELECT id, JSON_OBJECT('id' VALUE id, 'k' VALUE k, 'in' VALUE JSON_OBJECT('amt' VALUE amt ABSENT ON NULL), 'l' VALUE JSON_ARRAY(v, d NULL ON NULL)) AS j FROM plain WHERE id < 7;
