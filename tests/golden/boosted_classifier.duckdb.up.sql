-- churn v3: ml.churn_v3, ml.churn_v3_proba, ml.churn_v3_margin
-- Model sha256 8536a5112607a05af6905cc115fb7de1143b91b8141505fd2ff09588e5f96253.
-- A row that Python would refuse scores NULL.
-- -x < -t is x > t, but false of NaN: a missing value takes the ELSE side.

CREATE MACRO "ml"."churn_v3_margin"(
    "age" DOUBLE,
    "plan" VARCHAR,
    "visits" BIGINT
) AS
CASE WHEN
    "visits" IS NOT NULL
THEN (-0.75e0
 + /* tree 0 */ CASE WHEN -"age" < -44.00000023841858e0 THEN 0.125e0
 WHEN (("plan" COLLATE "C") IN ('basic')) THEN -0.5e0
 ELSE 0.25e0 END
 + /* tree 1 */ CASE WHEN "visits" <= CAST(2 AS BIGINT) THEN 0.1e0 ELSE -0.1e0 END) END;
COMMENT ON MACRO "ml"."churn_v3_margin" IS 'procgen churn v3, model sha256 8536a5112607a05af6905cc115fb7de1143b91b8141505fd2ff09588e5f96253';

CREATE MACRO "ml"."churn_v3_proba"(
    "age" DOUBLE,
    "plan" VARCHAR,
    "visits" BIGINT
) AS
1e0 / (1e0 + exp(-("ml"."churn_v3_margin"("age", "plan", "visits"))));
COMMENT ON MACRO "ml"."churn_v3_proba" IS 'procgen churn v3, model sha256 8536a5112607a05af6905cc115fb7de1143b91b8141505fd2ff09588e5f96253';

CREATE MACRO "ml"."churn_v3"(
    "age" DOUBLE,
    "plan" VARCHAR,
    "visits" BIGINT
) AS
CASE -"ml"."churn_v3_margin"("age", "plan", "visits") <= 0.0e0 WHEN true THEN 'yes' WHEN false THEN 'no' END;
COMMENT ON MACRO "ml"."churn_v3" IS 'procgen churn v3, model sha256 8536a5112607a05af6905cc115fb7de1143b91b8141505fd2ff09588e5f96253';

-- A table, a view or the name of a CTE, as a text: its columns, then the scores.
CREATE MACRO "ml"."churn_v3_rows"(procgen_table) AS TABLE
SELECT unnest(struct_insert(procgen_relation,
    prediction := procgen_predict,
    proba := procgen_proba,
    margin := procgen_margin))
FROM (SELECT procgen_relation, "ml"."churn_v3"(procgen_relation."age", procgen_relation."plan", procgen_relation."visits") AS procgen_predict,
    "ml"."churn_v3_proba"(procgen_relation."age", procgen_relation."plan", procgen_relation."visits") AS procgen_proba,
    "ml"."churn_v3_margin"(procgen_relation."age", procgen_relation."plan", procgen_relation."visits") AS procgen_margin
FROM query_table(procgen_table) AS procgen_relation);
COMMENT ON MACRO TABLE "ml"."churn_v3_rows" IS 'procgen churn v3, model sha256 8536a5112607a05af6905cc115fb7de1143b91b8141505fd2ff09588e5f96253';
