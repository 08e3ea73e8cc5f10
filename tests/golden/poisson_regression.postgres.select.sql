SELECT "procgen_key_1" AS "id", "procgen_predict" AS prediction, "procgen_margin" AS margin
FROM (SELECT *, nullif(coalesce(exp(-nullif(greatest(coalesce(-float8larger("procgen_margin", '-745.1332191019411'::float8), 'NaN'), -'709.7827128933841'::float8), -'709.7827128933841'::float8)), 'Infinity') - '5e-324'::float8, 'NaN') AS "procgen_predict"
FROM (SELECT *, CASE WHEN ("age" < '-1.7976931348623157e+308'::float8 OR -"age" < '-1.7976931348623157e+308'::float8) IS NOT TRUE
THEN (CASE WHEN abs(coalesce(nullif("age", 'NaN'::float8), '39.5'::float8)) <= '1.63e-322'::float8 THEN '0.0'::float8 ELSE (coalesce(nullif("age", 'NaN'::float8), '39.5'::float8) * '0.015'::float8) END
 + CASE ("plan" COLLATE "C") WHEN 'basic'::text THEN '0.25'::float8 WHEN 'gold'::text THEN '-1.5'::float8 ELSE '0.0'::float8 END
 + '-2.0'::float8) END AS "procgen_margin"
FROM (SELECT "id" AS "procgen_key_1", CAST("age" AS double precision) AS "age", CAST("plan" AS text) AS "plan"
FROM app.customers OFFSET 0) AS "procgen_rows" OFFSET 0) AS "procgen_rows" OFFSET 0) AS "procgen_rows"
