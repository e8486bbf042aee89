#!/bin/sh
# Run once by the image of PostgreSQL, as its superuser: makes the role that Studium logs in as, which owns one database
# and may do nothing else.
set -eu
psql --no-psqlrc --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres \
    --set password="$STUDIUM_DATABASE_PASSWORD" <<'SQL'
CREATE ROLE studium LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION PASSWORD :'password';
CREATE DATABASE studium OWNER studium;
REVOKE CONNECT, TEMPORARY ON DATABASE studium, postgres FROM PUBLIC;
GRANT CONNECT, TEMPORARY ON DATABASE studium TO studium;
SQL
