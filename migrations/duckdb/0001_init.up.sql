-- procgen:kind sql

CREATE SCHEMA IF NOT EXISTS procgen;
CREATE SCHEMA IF NOT EXISTS "ml";

-- Events are added and never changed; what is applied now follows from them.
CREATE SEQUENCE procgen.history_seq;
CREATE TABLE procgen.history (
    seq BIGINT PRIMARY KEY DEFAULT nextval('procgen.history_seq'),
    event VARCHAR NOT NULL CHECK (event IN ('apply', 'rollback', 'baseline', 'repair', 'fail')),
    migration VARCHAR NOT NULL,
    kind VARCHAR,
    up_sha256 VARCHAR,
    down_sha256 VARCHAR,
    verify_sha256 VARCHAR,
    down_sql VARCHAR,
    objects JSON NOT NULL DEFAULT '[]',
    engine VARCHAR NOT NULL,
    tool VARCHAR NOT NULL,
    git_commit VARCHAR,
    by_role VARCHAR NOT NULL,
    applied_at TIMESTAMP NOT NULL, -- UTC
    ms INTEGER,
    note VARCHAR
);

-- One row a version of a model.
CREATE TABLE procgen.models (
    name VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    digest VARCHAR NOT NULL,
    state VARCHAR NOT NULL DEFAULT 'created' CHECK (state IN ('created', 'champion', 'retired')),
    classes JSON,
    inputs JSON NOT NULL,
    provenance JSON NOT NULL,
    certificate JSON,
    migration VARCHAR NOT NULL,
    PRIMARY KEY (name, version)
);

-- The layout of the tables above, so that a later procgen knows what it finds.
CREATE TABLE procgen.meta (layout INTEGER NOT NULL);
INSERT INTO procgen.meta (layout) VALUES (1);
