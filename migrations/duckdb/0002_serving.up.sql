-- procgen:kind sql
-- procgen:layout 2

-- DuckDB cannot change a CHECK, so the table is made again with its rows.
CREATE TABLE procgen.models_of_layout_2 (
    name VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    digest VARCHAR NOT NULL,
    state VARCHAR NOT NULL DEFAULT 'created'
        CHECK (state IN ('created', 'champion', 'shadow', 'retired')),
    classes JSON,
    inputs JSON NOT NULL,
    provenance JSON NOT NULL,
    certificate JSON,
    migration VARCHAR NOT NULL,
    PRIMARY KEY (name, version)
);
INSERT INTO procgen.models_of_layout_2 FROM procgen.models;
DROP TABLE procgen.models;
ALTER TABLE procgen.models_of_layout_2 RENAME TO models;

-- One row a run of a batch over a table by one version; a chunk and its row commit together.
CREATE SEQUENCE procgen.jobs_seq;
CREATE TABLE procgen.jobs (
    job BIGINT PRIMARY KEY DEFAULT nextval('procgen.jobs_seq'),
    routine VARCHAR NOT NULL,
    model VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    source VARCHAR NOT NULL,
    since VARCHAR,
    chunk INTEGER NOT NULL,
    state VARCHAR NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'done', 'replaced')),
    watermark VARCHAR[], -- the key of the last row that is done
    chunks BIGINT NOT NULL DEFAULT 0,
    scored BIGINT NOT NULL DEFAULT 0,
    failed BIGINT NOT NULL DEFAULT 0,
    by_role VARCHAR NOT NULL DEFAULT current_user,
    started_at TIMESTAMP NOT NULL DEFAULT make_timestamp(epoch_us(now())), -- UTC
    updated_at TIMESTAMP NOT NULL DEFAULT make_timestamp(epoch_us(now())),
    finished_at TIMESTAMP
);

UPDATE procgen.meta SET layout = 2;
