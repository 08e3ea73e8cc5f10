SELECT "procgen_key_1" AS "id", "procgen_predict" AS prediction, "procgen_proba" AS proba, "procgen_margin" AS margin
FROM (SELECT *, ([CAST(1 AS BIGINT), CAST(2 AS BIGINT), CAST(3 AS BIGINT)])[list_transform(["procgen_margin"], lambda procgen_m: list_position(procgen_m, list_max(procgen_m)))[1]] AS "procgen_predict"
FROM (SELECT *, "procgen_margin" AS "procgen_proba"
FROM (SELECT *, CASE WHEN "income" BETWEEN -1.7976931348623157e+308 AND 1.7976931348623157e+308
THEN [((0.0e0
 + /* tree 0 */ CASE WHEN NOT (("region" COLLATE "C") IN ('north', 'south'))
 THEN CASE WHEN "income" < 1.5e0 THEN 0.25e0 ELSE 0.0e0 END
 ELSE 1.0e0 END
 + /* tree 1 */ CASE WHEN NOT (("region" COLLATE "C") IN ('north', 'south'))
 THEN CASE WHEN "income" < 2.5e0 THEN 0.25e0 ELSE 0.0e0 END
 ELSE 1.0e0 END) / 2.0e0), ((0.0e0
 + /* tree 0 */ CASE WHEN NOT (("region" COLLATE "C") IN ('north', 'south'))
 THEN CASE WHEN "income" < 1.5e0 THEN 0.75e0 ELSE 0.5e0 END
 ELSE 0.0e0 END
 + /* tree 1 */ CASE WHEN NOT (("region" COLLATE "C") IN ('north', 'south'))
 THEN CASE WHEN "income" < 2.5e0 THEN 0.75e0 ELSE 0.5e0 END
 ELSE 0.0e0 END) / 2.0e0), ((0.0e0
 + /* tree 0 */ CASE WHEN NOT (("region" COLLATE "C") IN ('north', 'south'))
 THEN CASE WHEN "income" < 1.5e0 THEN 0.0e0 ELSE 0.5e0 END
 ELSE 0.0e0 END
 + /* tree 1 */ CASE WHEN NOT (("region" COLLATE "C") IN ('north', 'south'))
 THEN CASE WHEN "income" < 2.5e0 THEN 0.0e0 ELSE 0.5e0 END
 ELSE 0.0e0 END) / 2.0e0)] END AS "procgen_margin"
FROM (SELECT "id" AS "procgen_key_1", CAST("region" AS VARCHAR) AS "region", CAST("income" AS DOUBLE) AS "income"
FROM app.customers) AS "procgen_rows") AS "procgen_rows") AS "procgen_rows") AS "procgen_rows"
