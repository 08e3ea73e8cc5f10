SELECT "procgen_key_1" AS "id", "procgen_predict" AS prediction, "procgen_proba" AS proba, "procgen_margin" AS margin
FROM (SELECT *, CASE -"procgen_margin" <= 0.0e0 WHEN true THEN 'yes' WHEN false THEN 'no' END AS "procgen_predict"
FROM (SELECT *, 1e0 / (1e0 + exp(-("procgen_margin"))) AS "procgen_proba"
FROM (SELECT *, CASE WHEN "visits" IS NOT NULL
THEN (-0.75e0
 + /* tree 0 */ CASE WHEN -"age" < -44.00000023841858e0 THEN 0.125e0
 WHEN (("plan" COLLATE "C") IN ('basic')) THEN -0.5e0
 ELSE 0.25e0 END
 + /* tree 1 */ CASE WHEN "visits" <= CAST(2 AS BIGINT) THEN 0.1e0 ELSE -0.1e0 END) END AS "procgen_margin"
FROM (SELECT "id" AS "procgen_key_1", CAST("age" AS DOUBLE) AS "age", CAST("plan" AS VARCHAR) AS "plan", CAST("visits" AS BIGINT) AS "visits"
FROM app.customers) AS "procgen_rows") AS "procgen_rows") AS "procgen_rows") AS "procgen_rows"
