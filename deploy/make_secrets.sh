#!/bin/sh
# Makes the secrets of docker-compose.yml that are not there yet: sh deploy/make_secrets.sh [FOLDER]
set -eu
folder=${1:-$(dirname "$0")/secrets}
umask 022
mkdir -p "$folder"
# The folder keeps others out; its files must be readable by the containers' users, who are not its owner.
chmod 700 "$folder"

random() { od -An -N32 -tx1 /dev/urandom | tr -d ' \n'; }

[ -s "$folder/postgres_password" ] || random > "$folder/postgres_password"
[ -s "$folder/secret_key" ] || random > "$folder/secret_key"
[ -s "$folder/s3_key" ] || random > "$folder/s3_key"
[ -s "$folder/s3_secret" ] || random > "$folder/s3_secret"
[ -s "$folder/database_url" ] ||
    printf 'postgresql://dermvtt:%s@postgres/dermvtt' "$(cat "$folder/postgres_password")" > "$folder/database_url"
echo "The secrets are in $folder. Keep a copy where backups are not."
