-- churn v3: ml.churn_v3, ml.churn_v3_margin
-- Model sha256 1acd651f0f85a5b63ce264374227813c7acbe46614991fc6c54c73879e2e98c5.
-- A row that Python would refuse scores NULL.

CREATE FUNCTION "ml"."churn_v3_margin"(
    "age" double precision,
    "plan" text
) RETURNS double precision
LANGUAGE sql IMMUTABLE CALLED ON NULL INPUT SECURITY INVOKER NOT LEAKPROOF PARALLEL SAFE COST 100
RETURN CASE WHEN
    ("age" < '-1.7976931348623157e+308'::float8 OR -"age" < '-1.7976931348623157e+308'::float8) IS NOT TRUE
THEN (CASE WHEN abs(coalesce(nullif("age", 'NaN'::float8), '39.5'::float8)) <= '1.63e-322'::float8 THEN '0.0'::float8 ELSE (coalesce(nullif("age", 'NaN'::float8), '39.5'::float8) * '0.015'::float8) END
 + CASE ("plan" COLLATE "C") WHEN 'basic'::text THEN '0.25'::float8 WHEN 'gold'::text THEN '-1.5'::float8 ELSE '0.0'::float8 END
 + '-2.0'::float8) END;
REVOKE ALL ON FUNCTION "ml"."churn_v3_margin"(double precision, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION "ml"."churn_v3_margin"(double precision, text) TO PUBLIC;
COMMENT ON FUNCTION "ml"."churn_v3_margin"(double precision, text) IS 'procgen churn v3, model sha256 1acd651f0f85a5b63ce264374227813c7acbe46614991fc6c54c73879e2e98c5';

CREATE FUNCTION "ml"."churn_v3"(
    "age" double precision,
    "plan" text
) RETURNS double precision
LANGUAGE sql IMMUTABLE CALLED ON NULL INPUT SECURITY INVOKER NOT LEAKPROOF PARALLEL SAFE COST 100
RETURN nullif(coalesce(exp(-nullif(greatest(coalesce(-float8larger("ml"."churn_v3_margin"("age", "plan"), '-745.1332191019411'::float8), 'NaN'), -'709.7827128933841'::float8), -'709.7827128933841'::float8)), 'Infinity') - '5e-324'::float8, 'NaN');
REVOKE ALL ON FUNCTION "ml"."churn_v3"(double precision, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION "ml"."churn_v3"(double precision, text) TO PUBLIC;
COMMENT ON FUNCTION "ml"."churn_v3"(double precision, text) IS 'procgen churn v3, model sha256 1acd651f0f85a5b63ce264374227813c7acbe46614991fc6c54c73879e2e98c5';
