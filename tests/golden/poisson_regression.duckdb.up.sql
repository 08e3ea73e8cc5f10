-- churn v3: ml.churn_v3, ml.churn_v3_margin
-- Model sha256 1acd651f0f85a5b63ce264374227813c7acbe46614991fc6c54c73879e2e98c5.
-- A row that Python would refuse scores NULL.

CREATE MACRO "ml"."churn_v3_margin"(
    "age" DOUBLE,
    "plan" VARCHAR
) AS
CASE WHEN
    ("age" < -1.7976931348623157e+308 OR -"age" < -1.7976931348623157e+308) IS NOT TRUE
THEN ((coalesce(nullif("age", 'nan'::DOUBLE), 39.5e0) * 0.015e0)
 + CASE ("plan" COLLATE "C") WHEN 'basic' THEN 0.25e0 WHEN 'gold' THEN -1.5e0 ELSE 0.0e0 END
 + -2.0e0) END;
COMMENT ON MACRO "ml"."churn_v3_margin" IS 'procgen churn v3, model sha256 1acd651f0f85a5b63ce264374227813c7acbe46614991fc6c54c73879e2e98c5';

CREATE MACRO "ml"."churn_v3"(
    "age" DOUBLE,
    "plan" VARCHAR
) AS
exp("ml"."churn_v3_margin"("age", "plan"));
COMMENT ON MACRO "ml"."churn_v3" IS 'procgen churn v3, model sha256 1acd651f0f85a5b63ce264374227813c7acbe46614991fc6c54c73879e2e98c5';

-- A table, a view or the name of a CTE, as a text: its columns, then the scores.
CREATE MACRO "ml"."churn_v3_rows"(procgen_table) AS TABLE
SELECT unnest(struct_insert(procgen_relation,
    prediction := procgen_predict,
    margin := procgen_margin))
FROM (SELECT procgen_relation, "ml"."churn_v3"(procgen_relation."age", procgen_relation."plan") AS procgen_predict,
    "ml"."churn_v3_margin"(procgen_relation."age", procgen_relation."plan") AS procgen_margin
FROM query_table(procgen_table) AS procgen_relation);
COMMENT ON MACRO TABLE "ml"."churn_v3_rows" IS 'procgen churn v3, model sha256 1acd651f0f85a5b63ce264374227813c7acbe46614991fc6c54c73879e2e98c5';
