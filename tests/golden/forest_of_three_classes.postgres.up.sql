-- churn v3: ml.churn_v3, ml.churn_v3_proba, ml.churn_v3_margin
-- Model sha256 a1366ce80d8092980d3ead82cec7c87bb572357ea1b0a8f6384118fbff2bf72e.
-- A row that Python would refuse scores NULL.

CREATE FUNCTION "ml"."churn_v3_argmax"(
    "items" double precision[]
) RETURNS bigint
LANGUAGE sql IMMUTABLE CALLED ON NULL INPUT SECURITY INVOKER NOT LEAKPROOF PARALLEL SAFE COST 100
RETURN (SELECT i FROM unnest("items") WITH ORDINALITY AS items(x, i) ORDER BY x DESC, i LIMIT 1);
REVOKE ALL ON FUNCTION "ml"."churn_v3_argmax"(double precision[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION "ml"."churn_v3_argmax"(double precision[]) TO PUBLIC;
COMMENT ON FUNCTION "ml"."churn_v3_argmax"(double precision[]) IS 'procgen churn v3, model sha256 a1366ce80d8092980d3ead82cec7c87bb572357ea1b0a8f6384118fbff2bf72e';

CREATE FUNCTION "ml"."churn_v3_margin"(
    "region" text,
    "income" double precision
) RETURNS double precision[]
LANGUAGE sql IMMUTABLE CALLED ON NULL INPUT SECURITY INVOKER NOT LEAKPROOF PARALLEL SAFE COST 100
RETURN CASE WHEN
    "income" BETWEEN '-1.7976931348623157e+308'::float8 AND '1.7976931348623157e+308'::float8
THEN ARRAY[(('0.0'::float8
 + /* tree 0 */ CASE WHEN NOT (("region" COLLATE "C") IN ('north'::text, 'south'::text))
 THEN CASE WHEN "income" < '1.5'::float8 THEN '0.25'::float8 ELSE '0.0'::float8 END
 ELSE '1.0'::float8 END
 + /* tree 1 */ CASE WHEN NOT (("region" COLLATE "C") IN ('north'::text, 'south'::text))
 THEN CASE WHEN "income" < '2.5'::float8 THEN '0.25'::float8 ELSE '0.0'::float8 END
 ELSE '1.0'::float8 END) / '2.0'::float8), (('0.0'::float8
 + /* tree 0 */ CASE WHEN NOT (("region" COLLATE "C") IN ('north'::text, 'south'::text))
 THEN CASE WHEN "income" < '1.5'::float8 THEN '0.75'::float8 ELSE '0.5'::float8 END
 ELSE '0.0'::float8 END
 + /* tree 1 */ CASE WHEN NOT (("region" COLLATE "C") IN ('north'::text, 'south'::text))
 THEN CASE WHEN "income" < '2.5'::float8 THEN '0.75'::float8 ELSE '0.5'::float8 END
 ELSE '0.0'::float8 END) / '2.0'::float8), (('0.0'::float8
 + /* tree 0 */ CASE WHEN NOT (("region" COLLATE "C") IN ('north'::text, 'south'::text))
 THEN CASE WHEN "income" < '1.5'::float8 THEN '0.0'::float8 ELSE '0.5'::float8 END
 ELSE '0.0'::float8 END
 + /* tree 1 */ CASE WHEN NOT (("region" COLLATE "C") IN ('north'::text, 'south'::text))
 THEN CASE WHEN "income" < '2.5'::float8 THEN '0.0'::float8 ELSE '0.5'::float8 END
 ELSE '0.0'::float8 END) / '2.0'::float8)] END;
REVOKE ALL ON FUNCTION "ml"."churn_v3_margin"(text, double precision) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION "ml"."churn_v3_margin"(text, double precision) TO PUBLIC;
COMMENT ON FUNCTION "ml"."churn_v3_margin"(text, double precision) IS 'procgen churn v3, model sha256 a1366ce80d8092980d3ead82cec7c87bb572357ea1b0a8f6384118fbff2bf72e';

CREATE FUNCTION "ml"."churn_v3_proba"(
    "region" text,
    "income" double precision
) RETURNS double precision[]
LANGUAGE sql IMMUTABLE CALLED ON NULL INPUT SECURITY INVOKER NOT LEAKPROOF PARALLEL SAFE COST 100
RETURN "ml"."churn_v3_margin"("region", "income");
REVOKE ALL ON FUNCTION "ml"."churn_v3_proba"(text, double precision) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION "ml"."churn_v3_proba"(text, double precision) TO PUBLIC;
COMMENT ON FUNCTION "ml"."churn_v3_proba"(text, double precision) IS 'procgen churn v3, model sha256 a1366ce80d8092980d3ead82cec7c87bb572357ea1b0a8f6384118fbff2bf72e';

CREATE FUNCTION "ml"."churn_v3"(
    "region" text,
    "income" double precision
) RETURNS bigint
LANGUAGE sql IMMUTABLE CALLED ON NULL INPUT SECURITY INVOKER NOT LEAKPROOF PARALLEL SAFE COST 100
RETURN (ARRAY['1'::int8, '2'::int8, '3'::int8])["ml"."churn_v3_argmax"("ml"."churn_v3_margin"("region", "income"))];
REVOKE ALL ON FUNCTION "ml"."churn_v3"(text, double precision) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION "ml"."churn_v3"(text, double precision) TO PUBLIC;
COMMENT ON FUNCTION "ml"."churn_v3"(text, double precision) IS 'procgen churn v3, model sha256 a1366ce80d8092980d3ead82cec7c87bb572357ea1b0a8f6384118fbff2bf72e';
