SELECT "procgen_key_1" AS "id", "procgen_predict" AS prediction, "procgen_proba" AS proba, "procgen_margin" AS margin
FROM (SELECT *, (ARRAY['1'::int8, '2'::int8, '3'::int8])[(SELECT i FROM unnest("procgen_margin") WITH ORDINALITY AS items(x, i) ORDER BY x DESC, i LIMIT 1)] AS "procgen_predict"
FROM (SELECT *, "procgen_margin" AS "procgen_proba"
FROM (SELECT *, CASE WHEN "income" BETWEEN '-1.7976931348623157e+308'::float8 AND '1.7976931348623157e+308'::float8
THEN ARRAY[(('0.0'::float8
 + /* tree 0 */ CASE WHEN NOT (("region" COLLATE "C") IN ('north'::text, 'south'::text))
 THEN CASE WHEN "income" < '1.5'::float8 THEN '0.25'::float8 ELSE '0.0'::float8 END
 ELSE '1.0'::float8 END
 + /* tree 1 */ CASE WHEN NOT (("region" COLLATE "C") IN ('north'::text, 'south'::text))
 THEN CASE WHEN "income" < '2.5'::float8 THEN '0.25'::float8 ELSE '0.0'::float8 END
 ELSE '1.0'::float8 END) / '2.0'::float8), (('0.0'::float8
 + /* tree 0 */ CASE WHEN NOT (("region" COLLATE "C") IN ('north'::text, 'south'::text))
 THEN CASE WHEN "income" < '1.5'::float8 THEN '0.75'::float8 ELSE '0.5'::float8 END
 ELSE '0.0'::float8 END
 + /* tree 1 */ CASE WHEN NOT (("region" COLLATE "C") IN ('north'::text, 'south'::text))
 THEN CASE WHEN "income" < '2.5'::float8 THEN '0.75'::float8 ELSE '0.5'::float8 END
 ELSE '0.0'::float8 END) / '2.0'::float8), (('0.0'::float8
 + /* tree 0 */ CASE WHEN NOT (("region" COLLATE "C") IN ('north'::text, 'south'::text))
 THEN CASE WHEN "income" < '1.5'::float8 THEN '0.0'::float8 ELSE '0.5'::float8 END
 ELSE '0.0'::float8 END
 + /* tree 1 */ CASE WHEN NOT (("region" COLLATE "C") IN ('north'::text, 'south'::text))
 THEN CASE WHEN "income" < '2.5'::float8 THEN '0.0'::float8 ELSE '0.5'::float8 END
 ELSE '0.0'::float8 END) / '2.0'::float8)] END AS "procgen_margin"
FROM (SELECT "id" AS "procgen_key_1", CAST("region" AS text) AS "region", CAST("income" AS double precision) AS "income"
FROM app.customers OFFSET 0) AS "procgen_rows" OFFSET 0) AS "procgen_rows" OFFSET 0) AS "procgen_rows" OFFSET 0) AS "procgen_rows"
