SELECT "procgen_key_1" AS "id", "procgen_predict" AS prediction, "procgen_proba" AS proba, "procgen_margin" AS margin
FROM (SELECT *, CASE -"procgen_margin" <= '0.0'::float8 WHEN true THEN 'yes'::text WHEN false THEN 'no'::text END AS "procgen_predict"
FROM (SELECT *, nullif(coalesce(1 / (1 + exp(-nullif(greatest(coalesce(float8smaller("procgen_margin", 700), 'NaN'), -'709.7827128933841'::float8), -'709.7827128933841'::float8))), 0), 'NaN') AS "procgen_proba"
FROM (SELECT *, CASE WHEN "visits" IS NOT NULL
THEN ('-0.75'::float8
 + /* tree 0 */ CASE WHEN -"age" < '-44.00000023841858'::float8 THEN '0.125'::float8
 WHEN (("plan" COLLATE "C") IN ('basic'::text)) THEN '-0.5'::float8
 ELSE '0.25'::float8 END
 + /* tree 1 */ CASE WHEN "visits" <= '2'::int8 THEN '0.1'::float8 ELSE '-0.1'::float8 END) END AS "procgen_margin"
FROM (SELECT "id" AS "procgen_key_1", CAST("age" AS double precision) AS "age", CAST("plan" AS text) AS "plan", CAST("visits" AS bigint) AS "visits"
FROM app.customers OFFSET 0) AS "procgen_rows" OFFSET 0) AS "procgen_rows" OFFSET 0) AS "procgen_rows" OFFSET 0) AS "procgen_rows"
