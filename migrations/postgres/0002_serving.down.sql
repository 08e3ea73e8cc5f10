DROP TABLE procgen.failures;
DROP TABLE procgen.jobs;
UPDATE procgen.models SET state = 'created' WHERE state = 'shadow';
ALTER TABLE procgen.models DROP CONSTRAINT models_state_check;
ALTER TABLE procgen.models ADD CONSTRAINT models_state_check
    CHECK (state IN ('created', 'champion', 'retired'));
UPDATE procgen.meta SET layout = 1;
