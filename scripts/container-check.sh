#!/usr/bin/env bash
# The steps of the Dockerfile in a plain folder, for machines without a container engine: what is copied, built and pruned, that it starts, runs
# its health check and stops on SIGTERM, and how large it is beside Node itself.
#   scripts/container-check.sh
set -euo pipefail
cd "$(dirname "$0")/.."

folder=$(mktemp -d)
pid=
trap '[ -z "$pid" ] || kill -9 "$pid" 2>/dev/null || true; rm -rf "$folder"' EXIT
node=$PWD/node_modules/.bin/node
limit_mb=120

# Only what the Dockerfile copies, at the same paths: nothing else may be needed.
mkdir "$folder/app"
while read -r path; do
  mkdir -p "$folder/app/$(dirname "$path")"
  cp -r "$path" "$folder/app/$path"
done < <(grep '^COPY ' Dockerfile | grep -v -- '--from' | sed 's/^COPY //' | awk '{ for (i = 1; i < NF; i++) print $i }')
cd "$folder/app"
npm ci --ignore-scripts --silent
"$node" scripts/build.mjs
npm prune --omit=dev --ignore-scripts --silent
rm -rf src scripts tsconfig.json tsconfig.build.json .npmrc package-lock.json

size_mb=$(du -sm . | cut -f1)
echo "content beside Node: $size_mb MB (at most $limit_mb)"
[ "$size_mb" -le "$limit_mb" ] || exit 1

cat > "$folder/rebalancer.yaml" <<YAML
cluster: { sql: { endpoints: ['http://127.0.0.1:9'] } }
server: { listen: '127.0.0.1:19480' }
state: { path: $folder/data }
YAML
env -i "$node" dist/main.js run -c "$folder/rebalancer.yaml" > "$folder/log" &
pid=$!
for _ in $(seq 100); do
  grep -q '"url"' "$folder/log" && break
  sleep 0.1
done
env -i "$node" dist/main.js healthcheck --url http://127.0.0.1:19480
kill -TERM "$pid"
status=0
wait "$pid" || status=$?
pid=
echo "SIGTERM: status $status"
[ "$status" -eq 0 ]
