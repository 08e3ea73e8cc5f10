DROP FUNCTION "ml"."churn_v3"(text, double precision);
DROP FUNCTION "ml"."churn_v3_proba"(text, double precision);
DROP FUNCTION "ml"."churn_v3_margin"(text, double precision);
DROP FUNCTION "ml"."churn_v3_argmax"(double precision[]);
