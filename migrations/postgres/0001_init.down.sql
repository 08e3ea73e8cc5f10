-- Without CASCADE: a schema that still holds something is kept, and the rollback is refused.
DROP TABLE procgen.meta;
DROP TABLE procgen.models;
DROP TABLE procgen.history;
DROP SCHEMA "ml";
DROP SCHEMA procgen;
