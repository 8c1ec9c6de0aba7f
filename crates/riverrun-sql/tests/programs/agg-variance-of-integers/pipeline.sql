-- Variances of integers, grouped.
SELECT VAR_POP(v) AS vp, VAR_SAMP(v) AS vs, STDDEV_POP(v) AS sp FROM (VALUES (30), (-5), (7)) AS t(v);
