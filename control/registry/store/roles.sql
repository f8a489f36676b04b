-- Everything that `wicket registry roles` does but the grants, which are made of control/registry/store/rights.py.
-- {schema}, {api}, {worker}, {follower} are names in quotes, and {schema_text} and {names} the same as text. Run it as the
-- owner of the tables, in one transaction; a second time changes nothing.

SELECT pg_advisory_xact_lock({lock}); -- as while the tables are made: two at once would be in each other's way

-- Who is no owner grants nothing, and is only warned of that.
DO $$
DECLARE owner name := (SELECT relowner::regrole::name FROM pg_class
                       WHERE relnamespace = {schema_text}::regnamespace AND relname = 'ledger');
BEGIN
    IF EXISTS (SELECT FROM pg_class WHERE relnamespace = {schema_text}::regnamespace AND NOT pg_has_role(relowner, 'USAGE'))
            OR EXISTS (SELECT FROM pg_proc WHERE pronamespace = {schema_text}::regnamespace
                       AND NOT pg_has_role(proowner, 'USAGE')) THEN
        RAISE insufficient_privilege USING MESSAGE = current_user || ' does not own all that is in the schema {schema}';
    END IF;
    IF owner = ANY ({names}) OR current_user = ANY ({names}) THEN
        RAISE insufficient_privilege USING MESSAGE = 'the owner of the tables cannot be one of the three';
    END IF;
END $$;

DO $$
DECLARE login text;
BEGIN
    FOREACH login IN ARRAY {names} LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = login) THEN
            EXECUTE format('CREATE ROLE %I LOGIN', login);
        END IF;
    END LOOP;
END $$;

-- A login that has more by another way keeps it, whatever is revoked here.
DO $$
DECLARE more text;
BEGIN
    SELECT format('%s is a superuser, or makes roles or databases', rolname) INTO more FROM pg_roles
        WHERE rolname = ANY ({names}) AND (rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls);
    IF more IS NULL THEN
        SELECT format('%s is in %s', one.rolname, other.rolname) INTO more FROM pg_roles one, pg_roles other
            WHERE one.rolname = ANY ({names}) AND one.oid <> other.oid AND pg_has_role(one.oid, other.oid, 'MEMBER')
            AND (other.rolname LIKE 'pg\_%' OR other.rolname = ANY ({names}) OR other.rolsuper OR other.oid IN
                 (SELECT relowner FROM pg_class WHERE relnamespace = {schema_text}::regnamespace));
    END IF;
    IF more IS NOT NULL THEN
        RAISE insufficient_privilege USING MESSAGE = more || ': it would have more rights than it is to have';
    END IF;
END $$;

-- Schema and database may be another's: then they have to be as they should already.
DO $$
DECLARE
    login text;
    here text := quote_ident(current_database());
    others text := 'PUBLIC, {api}, {worker}, {follower}';
BEGIN
    IF pg_has_role((SELECT nspowner FROM pg_namespace WHERE oid = {schema_text}::regnamespace), 'USAGE') THEN
        EXECUTE 'REVOKE ALL ON SCHEMA {schema} FROM ' || others;
        EXECUTE 'GRANT USAGE ON SCHEMA {schema} TO {api}, {worker}, {follower}';
    END IF;
    IF pg_has_role((SELECT datdba FROM pg_database WHERE datname = current_database()), 'USAGE') THEN
        EXECUTE 'REVOKE CREATE, TEMPORARY ON DATABASE ' || here || ' FROM ' || others;
        EXECUTE 'GRANT CONNECT ON DATABASE ' || here || ' TO {api}, {worker}, {follower}';
    END IF;
    FOREACH login IN ARRAY {names} LOOP
        IF NOT has_schema_privilege(login, {schema_text}, 'USAGE') OR has_schema_privilege(login, {schema_text}, 'CREATE')
                OR NOT has_database_privilege(login, current_database(), 'CONNECT')
                OR has_database_privilege(login, current_database(), 'CREATE, TEMPORARY') THEN
            RAISE insufficient_privilege USING MESSAGE = 'the owner of the database or its schema has to let '
                || login || ' use both, and make nothing there';
        END IF;
    END LOOP;
END $$;

-- A superuser goes on as the owner: what is made from here on is the owner's, and does not run with more rights.
DO $$
BEGIN
    EXECUTE format('SET LOCAL ROLE %s', (SELECT relowner::regrole FROM pg_class
                                         WHERE relnamespace = {schema_text}::regnamespace AND relname = 'ledger'));
END $$;

-- What a follower says, it says by these. They run as the owner, take no turn at the ledger, which a follower could
-- keep, and write nothing but what edges say of themselves.

-- Returns the id of an edge for which the login may speak.
CREATE OR REPLACE FUNCTION {schema}.follower_edge(edge_name text) RETURNS text
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, {schema}, pg_temp AS $$
DECLARE
    found_id text;
    bound text;
BEGIN
    SELECT edge.id, edge_login.login INTO found_id, bound
        FROM edge LEFT JOIN edge_login ON edge_login.edge_id = edge.id WHERE edge.name = edge_name;
    IF found_id IS NULL THEN
        RAISE EXCEPTION 'no edge of that name was entered' USING ERRCODE = 'WGUNK';
    END IF;
    -- Who has an edge of its own speaks for no other, not even for one that nobody has.
    IF bound IS DISTINCT FROM session_user AND (bound IS NOT NULL
            OR EXISTS (SELECT FROM edge_login WHERE edge_login.login = session_user)) THEN
        RAISE EXCEPTION 'it is not for the login % to speak for it', session_user USING ERRCODE = 'WGNOT';
    END IF;
    RETURN found_id;
END $$;

-- Notes from when on an edge had serials (``publication.edges.acknowledge``); what was noted before stands. No edge had
-- a serial before it was given, or will have it only after it said so.
CREATE OR REPLACE FUNCTION {schema}.follower_acknowledge(
    edge_name text, of_epoch bytea, serials integer[], times timestamp with time zone[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, {schema}, pg_temp AS $$
DECLARE
    now_at timestamp with time zone := clock_timestamp();
    mine text := follower_edge(edge_name);
    given record;
BEGIN
    IF cardinality(serials) IS DISTINCT FROM cardinality(times) OR cardinality(serials) > 10000
            OR array_ndims(serials) > 1 OR array_ndims(times) > 1
            OR EXISTS (SELECT FROM unnest(times) AS said WHERE said IS NULL OR NOT isfinite(said)) THEN
        RAISE EXCEPTION 'these are no serials, each with its time' USING ERRCODE = 'WGINV';
    END IF;
    SELECT epoch, serial INTO given FROM ledger;
    IF of_epoch IS DISTINCT FROM given.epoch
            OR EXISTS (SELECT FROM unnest(serials) AS said WHERE said IS NULL OR said NOT BETWEEN 0 AND given.serial) THEN
        RAISE EXCEPTION 'these serials were never given' USING ERRCODE = 'WGGON';
    END IF;
    UPDATE edge_report SET retired_at = NULL
        WHERE edge_report.edge_id = mine AND retired_at IS NOT NULL;
    INSERT INTO edge_ack (edge_id, serial, at)
        SELECT DISTINCT ON (said.serial) mine, said.serial,
               greatest(least(said.at, now_at), publication.at)
        FROM unnest(serials, times) WITH ORDINALITY AS said (serial, at, place)
            LEFT JOIN publication ON publication.serial = said.serial
        ORDER BY said.serial, said.place
        ON CONFLICT DO NOTHING;
END $$;

-- Returns whether an edge's last report, as far as it is known here, was the one at so many watched seconds.
CREATE OR REPLACE FUNCTION {schema}.follower_goes_on(edge_name text, since double precision) RETURNS boolean
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, {schema}, pg_temp AS $$
DECLARE
    mine text := follower_edge(edge_name);
BEGIN
    RETURN EXISTS (SELECT FROM edge_report
                   WHERE edge_report.edge_id = mine AND edge_report.watched = since);
END $$;

-- Notes which prefixes had traffic (``publication.use``), and with the last of them that an edge has said everything.
-- Of a prefix that never was on the list nothing is noted: whose addresses those are is nobody's business.
CREATE OR REPLACE FUNCTION {schema}.follower_report(
    edge_name text, watched double precision, firsts bytea[], lengths integer[], seen double precision[],
    is_last boolean, entries integer, held integer, at timestamp with time zone) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, {schema}, pg_temp AS $$
DECLARE
    now_at timestamp with time zone := clock_timestamp();
    mine text := follower_edge(edge_name);
    known double precision;
BEGIN
    IF watched IS NULL OR watched NOT BETWEEN 0 AND 1e10 OR is_last IS NULL OR at IS NULL
            OR at NOT BETWEEN '1970-01-01 00:00+00' AND '9999-12-31 00:00+00'
            OR entries IS NULL OR entries < 0 OR held < 0
            OR cardinality(firsts) IS DISTINCT FROM cardinality(lengths)
            OR cardinality(firsts) IS DISTINCT FROM cardinality(seen) OR cardinality(firsts) > 5000
            OR array_ndims(firsts) > 1 OR array_ndims(lengths) > 1 OR array_ndims(seen) > 1
            OR EXISTS (SELECT FROM unnest(seen) AS said WHERE said IS NULL OR said NOT BETWEEN -1e10 AND 1e10) THEN
        RAISE EXCEPTION 'this is no report of which entries are in use' USING ERRCODE = 'WGINV';
    END IF;
    SELECT edge_report.watched INTO known FROM edge_report
        WHERE edge_report.edge_id = mine FOR UPDATE;
    IF watched < known THEN -- it has forgotten what it had watched: what it said before counts from then on
        UPDATE edge_use SET seen = edge_use.seen - known WHERE edge_use.edge_id = mine;
        UPDATE edge_report SET watched = follower_report.watched WHERE edge_report.edge_id = mine;
    END IF;
    INSERT INTO edge_use (first, length, edge_id, seen)
        SELECT said.first, said.length, mine, max(least(said.seen, follower_report.watched))
        FROM unnest(firsts, lengths, follower_report.seen) AS said (first, length, seen)
        WHERE EXISTS (SELECT FROM listing WHERE listing.first = said.first AND listing.length = said.length)
        GROUP BY said.first, said.length
        ON CONFLICT ON CONSTRAINT pk_edge_use DO UPDATE SET seen = excluded.seen;
    IF is_last THEN
        INSERT INTO edge_report (edge_id, at, watched, entries, held, ahead, retired_at)
            VALUES (mine, now_at, follower_report.watched, follower_report.entries,
                    follower_report.held, extract(epoch FROM follower_report.at - now_at), NULL)
            ON CONFLICT ON CONSTRAINT pk_edge_report DO UPDATE SET at = excluded.at, watched = excluded.watched,
                entries = excluded.entries, held = excluded.held, ahead = excluded.ahead, retired_at = NULL;
    END IF;
END $$;

-- Nobody has anything but what is granted below, and what is made later is nobody's either.
REVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM PUBLIC, {api}, {worker}, {follower};
REVOKE ALL ON ALL SEQUENCES IN SCHEMA {schema} FROM PUBLIC, {api}, {worker}, {follower};
REVOKE ALL ON ALL ROUTINES IN SCHEMA {schema} FROM PUBLIC, {api}, {worker}, {follower};
ALTER DEFAULT PRIVILEGES REVOKE ALL ON TABLES FROM PUBLIC, {api}, {worker}, {follower};
ALTER DEFAULT PRIVILEGES REVOKE ALL ON SEQUENCES FROM PUBLIC, {api}, {worker}, {follower};
ALTER DEFAULT PRIVILEGES REVOKE ALL ON FUNCTIONS FROM PUBLIC, {api}, {worker}, {follower};
ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} REVOKE ALL ON TABLES FROM PUBLIC, {api}, {worker}, {follower};
ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} REVOKE ALL ON SEQUENCES FROM PUBLIC, {api}, {worker}, {follower};
ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} REVOKE ALL ON FUNCTIONS FROM PUBLIC, {api}, {worker}, {follower};
