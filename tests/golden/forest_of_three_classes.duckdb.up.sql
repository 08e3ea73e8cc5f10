-- churn v3: ml.churn_v3, ml.churn_v3_proba, ml.churn_v3_margin
-- Model sha256 a1366ce80d8092980d3ead82cec7c87bb572357ea1b0a8f6384118fbff2bf72e.
-- A row that Python would refuse scores NULL.

CREATE MACRO "ml"."churn_v3_margin"(
    "region" VARCHAR,
    "income" DOUBLE
) AS
CASE WHEN
    "income" BETWEEN -1.7976931348623157e+308 AND 1.7976931348623157e+308
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
 ELSE 0.0e0 END) / 2.0e0)] END;
COMMENT ON MACRO "ml"."churn_v3_margin" IS 'procgen churn v3, model sha256 a1366ce80d8092980d3ead82cec7c87bb572357ea1b0a8f6384118fbff2bf72e';

CREATE MACRO "ml"."churn_v3_proba"(
    "region" VARCHAR,
    "income" DOUBLE
) AS
"ml"."churn_v3_margin"("region", "income");
COMMENT ON MACRO "ml"."churn_v3_proba" IS 'procgen churn v3, model sha256 a1366ce80d8092980d3ead82cec7c87bb572357ea1b0a8f6384118fbff2bf72e';

CREATE MACRO "ml"."churn_v3"(
    "region" VARCHAR,
    "income" DOUBLE
) AS
([CAST(1 AS BIGINT), CAST(2 AS BIGINT), CAST(3 AS BIGINT)])[list_transform(["ml"."churn_v3_margin"("region", "income")], lambda procgen_m: list_position(procgen_m, list_max(procgen_m)))[1]];
COMMENT ON MACRO "ml"."churn_v3" IS 'procgen churn v3, model sha256 a1366ce80d8092980d3ead82cec7c87bb572357ea1b0a8f6384118fbff2bf72e';

-- A table, a view or the name of a CTE, as a text: its columns, then the scores.
CREATE MACRO "ml"."churn_v3_rows"(procgen_table) AS TABLE
SELECT unnest(struct_insert(procgen_relation,
    prediction := procgen_predict,
    proba := procgen_proba,
    margin := procgen_margin))
FROM (SELECT procgen_relation, "ml"."churn_v3"(procgen_relation."region", procgen_relation."income") AS procgen_predict,
    "ml"."churn_v3_proba"(procgen_relation."region", procgen_relation."income") AS procgen_proba,
    "ml"."churn_v3_margin"(procgen_relation."region", procgen_relation."income") AS procgen_margin
FROM query_table(procgen_table) AS procgen_relation);
COMMENT ON MACRO TABLE "ml"."churn_v3_rows" IS 'procgen churn v3, model sha256 a1366ce80d8092980d3ead82cec7c87bb572357ea1b0a8f6384118fbff2bf72e';
