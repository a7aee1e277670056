#!/usr/bin/env bash
# The steps of the Dockerfile in a plain folder, for machines without a container engine: what is copied and built, that it starts, runs
# its health check and stops on SIGTERM, and how large it is beside the base (Debian and Node). Needs npm, the registry, and no engine.
#   scripts/container-check.sh
set -euo pipefail
cd "$(dirname "$0")/.."

folder=$(mktemp -d)
pid=
trap '[ -z "$pid" ] || kill -9 "$pid" 2>/dev/null || true; rm -rf "$folder"' EXIT
limit_mb=10

# The Node of the Dockerfile's image: the repository's own, or on a fresh clone one of the same version for this check.
version=$(sed -n 's/^FROM node:\([0-9.]*\)-.*/\1/p' Dockerfile)
node=$PWD/node_modules/.bin/node
if [ ! -x "$node" ]; then
  npm install --prefix "$folder/node" --silent --no-save "node@$version"
  node=$folder/node/node_modules/.bin/node
fi
[ "$("$node" --version)" = "v$version" ] || { echo "found Node $("$node" --version), wanted v$version" >&2; exit 1; }

# Only what the Dockerfile copies, at the same paths: nothing else may be needed.
mkdir "$folder/app"
while read -r path; do
  mkdir -p "$folder/app/$(dirname "$path")"
  cp -r "$path" "$folder/app/$path"
done < <(grep '^COPY ' Dockerfile | grep -v -- '--from' | sed 's/^COPY //' | awk '{ for (i = 1; i < NF; i++) print $i }')
cd "$folder/app"
npm ci --ignore-scripts --silent
"$node" scripts/build.mjs
rm -rf node_modules src scripts tsconfig.json .npmrc package-lock.json

size_mb=$(du -sm . | cut -f1)
echo "content beside Debian and Node: $size_mb MB (at most $limit_mb); Node: $(du -smL "$node" | cut -f1) MB"
[ "$size_mb" -le "$limit_mb" ] || exit 1

cat > "$folder/rebalancer.yaml" <<YAML
cluster: { sql: { endpoints: ['http://127.0.0.1:9'] } }
server: { listen: '127.0.0.1:0' }
state: { path: $folder/data }
YAML
env -i "$node" dist/main.js run -c "$folder/rebalancer.yaml" > "$folder/log" &
pid=$!
url=
for _ in $(seq 600); do
  url=$(sed -n 's/.*"url":"\([^"]*\)".*/\1/p' "$folder/log" | head -n 1)
  [ -z "$url" ] || break
  sleep 0.1
done
env -i "$node" dist/main.js healthcheck --url "$url"
kill -TERM "$pid"
status=0
wait "$pid" || status=$?
pid=
echo "SIGTERM: status $status"
[ "$status" -eq 0 ]
