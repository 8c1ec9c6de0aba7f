-- Union then union all.
SELECT 'x' UNION SELECT 'x' UNION ALL SELECT 'yy';
