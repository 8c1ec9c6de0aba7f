-- Names beyond ASCII.
SELECT `größe`, `名前` FROM (VALUES (1, 'ä')) AS t(`größe`, `名前`) WHERE `名前` = 'ä';
