-- A column by its full name: catalog, database and table.
CREATE TABLE dims (k STRING, name STRING, weight DOUBLE)
WITH ('connector' = 'filesystem', 'path' = '${DIR}/dims.json', 'format' = 'json');
SELECT default_catalog.default_database.dims.name, dims.weight FROM default_catalog.default_database.dims;
