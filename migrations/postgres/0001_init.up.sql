-- procgen:kind sql

-- A schema that is there already is left alone: then no right to create schemas is needed.
DO $procgen$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = 'procgen') THEN
        CREATE SCHEMA procgen;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = 'ml') THEN
        CREATE SCHEMA "ml";
    END IF;
END
$procgen$;

-- Events are added and never changed; what is applied now follows from them.
CREATE TABLE procgen.history (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event text NOT NULL CHECK (event IN ('apply', 'rollback', 'baseline', 'repair', 'fail')),
    migration text NOT NULL,
    kind text,
    up_sha256 text,
    down_sha256 text,
    verify_sha256 text,
    down_sql text,
    objects jsonb NOT NULL DEFAULT '[]',
    engine text NOT NULL,
    tool text NOT NULL,
    git_commit text,
    by_role text NOT NULL DEFAULT session_user,
    applied_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    ms integer,
    note text
);

-- One row a version of a model.
CREATE TABLE procgen.models (
    name text NOT NULL,
    version integer NOT NULL,
    digest text NOT NULL,
    state text NOT NULL DEFAULT 'created' CHECK (state IN ('created', 'champion', 'retired')),
    classes jsonb,
    inputs jsonb NOT NULL,
    provenance jsonb NOT NULL,
    certificate jsonb,
    migration text NOT NULL,
    PRIMARY KEY (name, version)
);

-- The layout of the tables above, so that a later procgen knows what it finds.
CREATE TABLE procgen.meta (layout integer NOT NULL);
INSERT INTO procgen.meta (layout) VALUES (1);
