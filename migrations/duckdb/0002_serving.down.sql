DROP TABLE procgen.jobs;
DROP SEQUENCE procgen.jobs_seq;
CREATE TABLE procgen.models_of_layout_1 (
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
INSERT INTO procgen.models_of_layout_1
SELECT * REPLACE (CASE state WHEN 'shadow' THEN 'created' ELSE state END AS state)
FROM procgen.models;
DROP TABLE procgen.models;
ALTER TABLE procgen.models_of_layout_1 RENAME TO models;
UPDATE procgen.meta SET layout = 1;
