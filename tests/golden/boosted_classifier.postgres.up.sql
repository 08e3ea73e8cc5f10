-- churn v3: ml.churn_v3, ml.churn_v3_proba, ml.churn_v3_margin
-- Model sha256 8536a5112607a05af6905cc115fb7de1143b91b8141505fd2ff09588e5f96253.
-- A row that Python would refuse scores NULL.
-- -x < -t is x > t, but false of NaN: a missing value takes the ELSE side.

CREATE FUNCTION "ml"."churn_v3_margin"(
    "age" double precision,
    "plan" text,
    "visits" bigint
) RETURNS double precision
LANGUAGE sql IMMUTABLE CALLED ON NULL INPUT SECURITY INVOKER NOT LEAKPROOF PARALLEL SAFE COST 100
RETURN CASE WHEN
    "visits" IS NOT NULL
THEN ('-0.75'::float8
 + /* tree 0 */ CASE WHEN -"age" < '-44.00000023841858'::float8 THEN '0.125'::float8
 WHEN (("plan" COLLATE "C") IN ('basic'::text)) THEN '-0.5'::float8
 ELSE '0.25'::float8 END
 + /* tree 1 */ CASE WHEN "visits" <= '2'::int8 THEN '0.1'::float8 ELSE '-0.1'::float8 END) END;
REVOKE ALL ON FUNCTION "ml"."churn_v3_margin"(double precision, text, bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION "ml"."churn_v3_margin"(double precision, text, bigint) TO PUBLIC;
COMMENT ON FUNCTION "ml"."churn_v3_margin"(double precision, text, bigint) IS 'procgen churn v3, model sha256 8536a5112607a05af6905cc115fb7de1143b91b8141505fd2ff09588e5f96253';

CREATE FUNCTION "ml"."churn_v3_proba"(
    "age" double precision,
    "plan" text,
    "visits" bigint
) RETURNS double precision
LANGUAGE sql IMMUTABLE CALLED ON NULL INPUT SECURITY INVOKER NOT LEAKPROOF PARALLEL SAFE COST 100
RETURN nullif(coalesce(1 / (1 + exp(-nullif(greatest(coalesce(float8smaller("ml"."churn_v3_margin"("age", "plan", "visits"), 700), 'NaN'), -'709.7827128933841'::float8), -'709.7827128933841'::float8))), 0), 'NaN');
REVOKE ALL ON FUNCTION "ml"."churn_v3_proba"(double precision, text, bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION "ml"."churn_v3_proba"(double precision, text, bigint) TO PUBLIC;
COMMENT ON FUNCTION "ml"."churn_v3_proba"(double precision, text, bigint) IS 'procgen churn v3, model sha256 8536a5112607a05af6905cc115fb7de1143b91b8141505fd2ff09588e5f96253';

CREATE FUNCTION "ml"."churn_v3"(
    "age" double precision,
    "plan" text,
    "visits" bigint
) RETURNS text
LANGUAGE sql IMMUTABLE CALLED ON NULL INPUT SECURITY INVOKER NOT LEAKPROOF PARALLEL SAFE COST 100
RETURN CASE -"ml"."churn_v3_margin"("age", "plan", "visits") <= '0.0'::float8 WHEN true THEN 'yes'::text WHEN false THEN 'no'::text END;
REVOKE ALL ON FUNCTION "ml"."churn_v3"(double precision, text, bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION "ml"."churn_v3"(double precision, text, bigint) TO PUBLIC;
COMMENT ON FUNCTION "ml"."churn_v3"(double precision, text, bigint) IS 'procgen churn v3, model sha256 8536a5112607a05af6905cc115fb7de1143b91b8141505fd2ff09588e5f96253';
