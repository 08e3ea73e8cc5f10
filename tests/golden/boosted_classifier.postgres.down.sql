DROP FUNCTION "ml"."churn_v3"(double precision, text, bigint);
DROP FUNCTION "ml"."churn_v3_proba"(double precision, text, bigint);
DROP FUNCTION "ml"."churn_v3_margin"(double precision, text, bigint);
