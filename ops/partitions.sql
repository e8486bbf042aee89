-- Partitions the two tables that grow with learners times lessons, by HASH (enrollment_id): docs/scaling.md says when, and
-- what it costs. With every server and worker stopped, as the role that owns the tables, and after a backup:
--
--     psql -v ON_ERROR_STOP=1 --single-transaction -f ops/partitions.sql postgresql://…
--
-- Everything is read from the catalogue, so that tables of a later version are taken as they are. All happens, or nothing.

-- Lets tables that point at the rows of `whole` by their id point at them by id and enrollment: a unique constraint of a
-- partitioned table must have the column that it is partitioned by. A trigger fills the column that is new there.
CREATE FUNCTION pg_temp.point_by_both(whole text) RETURNS text[] LANGUAGE plpgsql AS $do$
DECLARE
    pointing record;
    afterwards text[] := '{}';
BEGIN
    FOR pointing IN
        SELECT con.conrelid::regclass::text AS name, con.conname AS key, col.attname AS place,
            pg_get_constraintdef(con.oid) AS definition
        FROM pg_constraint con JOIN pg_attribute col ON col.attrelid = con.conrelid AND col.attnum = con.conkey[1]
        WHERE con.confrelid = whole::regclass AND con.contype = 'f'
    LOOP
        EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', pointing.name, pointing.key);
        EXECUTE format('ALTER TABLE %s ADD COLUMN enrollment_id uuid', pointing.name);
        EXECUTE format('UPDATE %s SET enrollment_id = found.enrollment_id FROM %I found WHERE found.id = %I',
            pointing.name, whole, pointing.place);
        EXECUTE format('ALTER TABLE %s ALTER COLUMN enrollment_id SET NOT NULL', pointing.name);
        EXECUTE format($sql$
            CREATE FUNCTION %1$I() RETURNS trigger LANGUAGE plpgsql AS $fill$ BEGIN
                SELECT enrollment_id INTO NEW.enrollment_id FROM %2$I WHERE id = NEW.%3$I;
                IF NOT FOUND THEN
                    RAISE foreign_key_violation USING MESSAGE = 'no row of %2$s has this id', CONSTRAINT = %4$L;
                END IF;
                RETURN NEW;
            END $fill$
        $sql$, pointing.name || '_enrollment', whole, pointing.place, pointing.key);
        EXECUTE format('CREATE TRIGGER %I BEFORE INSERT OR UPDATE OF %I ON %s FOR EACH ROW EXECUTE FUNCTION %1$I()',
            pointing.name || '_enrollment', pointing.place, pointing.name);
        afterwards := afterwards || format('ALTER TABLE %s ADD CONSTRAINT %I %s', pointing.name, pointing.key,
            regexp_replace(pointing.definition, '\((\w+)\) REFERENCES (\S+)\(id\)',
                '(\1, enrollment_id) REFERENCES \2(id, enrollment_id)'));
    END LOOP;
    RETURN afterwards;
END $do$;

CREATE FUNCTION pg_temp.partition(whole text, parts int) RETURNS void LANGUAGE plpgsql AS $do$
DECLARE
    former text := whole || '_former';
    afterwards text[];
    step text;
BEGIN
    EXECUTE format('LOCK TABLE %I IN ACCESS EXCLUSIVE MODE', whole);
    SELECT format('ALTER TABLE %I ADD CONSTRAINT %I PRIMARY KEY (id, enrollment_id)', whole, conname)
        || array_agg(more.step)
    INTO afterwards
    FROM pg_constraint own, LATERAL (
        SELECT format('ALTER TABLE %I ADD CONSTRAINT %I %s', whole, conname, pg_get_constraintdef(oid)) AS step
        FROM pg_constraint WHERE conrelid = own.conrelid AND contype IN ('u', 'f')
        UNION ALL
        SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = own.conrelid
            AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND conrelid = own.conrelid)
        UNION ALL
        -- Triggers last: what they count is counted already.
        SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgrelid = own.conrelid AND NOT tgisinternal
    ) AS more
    WHERE own.conrelid = whole::regclass AND own.contype = 'p' GROUP BY own.conname;
    afterwards := afterwards || pg_temp.point_by_both(whole);

    EXECUTE format('ALTER TABLE %I RENAME TO %I', whole, former);
    EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING DEFAULTS INCLUDING CONSTRAINTS) PARTITION BY HASH (enrollment_id)',
        whole, former);
    FOR part IN 0 .. parts - 1 LOOP
        EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES WITH (MODULUS %s, REMAINDER %s)',
            whole || '_p' || part, whole, parts, part);
    END LOOP;
    EXECUTE format('INSERT INTO %I SELECT * FROM %I', whole, former);
    EXECUTE format('DROP TABLE %I', former);
    FOREACH step IN ARRAY afterwards LOOP
        EXECUTE step;
    END LOOP;
    EXECUTE format('ANALYZE %I', whole);
END $do$;

SELECT pg_temp.partition('lesson_progress', 16), pg_temp.partition('quiz_attempts', 16);
