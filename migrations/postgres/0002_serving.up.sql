-- procgen:kind sql
-- procgen:layout 2

ALTER TABLE procgen.models DROP CONSTRAINT models_state_check;
ALTER TABLE procgen.models ADD CONSTRAINT models_state_check
    CHECK (state IN ('created', 'champion', 'shadow', 'retired'));

-- One row a run of a batch over a table by one version; a chunk and its row commit together.
CREATE TABLE procgen.jobs (
    job bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    routine text NOT NULL,
    model text NOT NULL,
    version integer NOT NULL,
    source text NOT NULL,
    since text,
    chunk integer NOT NULL,
    state text NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'done', 'replaced')),
    watermark text[], -- the key of the last row that is done
    chunks bigint NOT NULL DEFAULT 0,
    scored bigint NOT NULL DEFAULT 0,
    failed bigint NOT NULL DEFAULT 0,
    by_role text NOT NULL DEFAULT session_user,
    started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    finished_at timestamptz
);
-- Callers that begin together meet in one job.
CREATE UNIQUE INDEX jobs_running ON procgen.jobs (routine, model, version, since)
    NULLS NOT DISTINCT WHERE state = 'running';

-- Rows that are stored and could not be scored.
CREATE TABLE procgen.failures (
    failure bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    routine text NOT NULL,
    model text NOT NULL,
    version integer NOT NULL,
    source text NOT NULL,
    key jsonb NOT NULL,
    code text NOT NULL,
    message text NOT NULL,
    by_role text NOT NULL DEFAULT session_user,
    failed_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

UPDATE procgen.meta SET layout = 2;
