-- Reserved words as names in back-quotes.
CREATE TABLE `table` (`order` INT, `group` STRING, `timestamp` TIMESTAMP(3), `value` INT, `user` STRING) WITH ('connector' = 'filesystem', 'path' = '${DIR}/a.json', 'format' = 'json');
SELECT `order`, t.`group`, `timestamp`, `value`, `user` FROM `table` AS t;
