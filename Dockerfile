# syntax=docker/dockerfile:1
# docker build -t greptime-rebalancer .
# docker run --read-only -v rebalancer-state:/data -v "$PWD/rebalancer.yaml:/etc/greptime-rebalancer/rebalancer.yaml:ro" \
#   -e GREPTIME_REBALANCER_STATE__PATH=/data greptime-rebalancer run -c /etc/greptime-rebalancer/rebalancer.yaml
#
# The server listens on loopback unless told: to publish it set server.listen to 0.0.0.0:9480 (GREPTIME_REBALANCER_SERVER__LISTEN).

FROM node:24.21.0-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# No install scripts: the only one fetches a Node, and this image has one.
RUN npm ci --ignore-scripts
COPY tsconfig.json ./
COPY scripts/build.mjs scripts/build-program.mjs scripts/build-page.mjs scripts/
COPY src src
# As the user who will run it: Node keeps compiled code for each user apart.
RUN chown node:node /app
USER node
RUN node scripts/build.mjs

# What the official Node image is made from; of Node it needs nothing but the binary, so npm, yarn and headers stay behind.
FROM debian:bookworm-slim
LABEL org.opencontainers.image.title="greptime-rebalancer" \
      org.opencontainers.image.description="Balances the regions of a GreptimeDB cluster with the fewest migrations." \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /usr/local/bin/node /usr/local/bin/node
RUN mkdir /data && chown 1000:1000 /data
COPY package.json LICENSE CHANGELOG.md /app/
COPY config/rebalancer.example.yaml /etc/greptime-rebalancer/
# The packages that the program uses are part of dist.
COPY --from=build /app/dist /app/dist
# Less room for young objects: half of the memory of an idle daemon, for a tenth more processor time.
ENV NODE_ENV=production NODE_OPTIONS=--max-semi-space-size=4
# All that is written to. It is the state folder where there is no configuration file; with one, state.path or the variable names it.
WORKDIR /
VOLUME /data
USER 1000:1000
EXPOSE 9480
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 CMD ["node", "/app/dist/main.js", "healthcheck"]
ENTRYPOINT ["node", "/app/dist/main.js"]
CMD ["run"]
