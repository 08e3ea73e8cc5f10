DROP FUNCTION "ml"."churn_v3"(double precision, text);
DROP FUNCTION "ml"."churn_v3_margin"(double precision, text);
