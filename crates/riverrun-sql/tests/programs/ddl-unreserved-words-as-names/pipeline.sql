-- Words that are not reserved as columns' names.
SELECT id, name, type, status, url, data, level, position_, category, count_, source FROM (VALUES (1, 'n', 't', 's', 'u', 'd', 'l', 'p', 'c', 2, 'src')) AS t(id, name, type, status, url, data, level, position_, category, count_, source);
