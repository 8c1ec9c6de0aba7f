-- Two databases, tables of equal names.
CREATE TABLE dims (k STRING, name STRING, weight DOUBLE)
WITH ('connector' = 'filesystem', 'path' = '${DIR}/dims.json', 'format' = 'json');
CREATE DATABASE other;
CREATE TABLE other.dims (k STRING, name STRING) WITH ('connector' = 'filesystem', 'path' = '${DIR}/dims.json', 'format' = 'json');
USE other;
SELECT a.name, b.weight FROM dims AS a JOIN default_catalog.default_database.dims AS b ON a.name = b.name;
