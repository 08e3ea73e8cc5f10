DROP MACRO TABLE "ml"."churn_v3_rows";
DROP MACRO "ml"."churn_v3";
DROP MACRO "ml"."churn_v3_proba";
DROP MACRO "ml"."churn_v3_margin";
