SELECT "procgen_key_1" AS "id", "procgen_predict" AS prediction, "procgen_margin" AS margin
FROM (SELECT *, exp("procgen_margin") AS "procgen_predict"
FROM (SELECT *, CASE WHEN ("age" < -1.7976931348623157e+308 OR -"age" < -1.7976931348623157e+308) IS NOT TRUE
THEN ((coalesce(nullif("age", 'nan'::DOUBLE), 39.5e0) * 0.015e0)
 + CASE ("plan" COLLATE "C") WHEN 'basic' THEN 0.25e0 WHEN 'gold' THEN -1.5e0 ELSE 0.0e0 END
 + -2.0e0) END AS "procgen_margin"
FROM (SELECT "id" AS "procgen_key_1", CAST("age" AS DOUBLE) AS "age", CAST("plan" AS VARCHAR) AS "plan"
FROM app.customers) AS "procgen_rows") AS "procgen_rows") AS "procgen_rows"
