# The image of the service. The service needs no build: Node runs its sources as they are
# (docs/decisions/0001-node-through-npm.md). The console is built.
#
# The official image carries the very Node that the project pins through npm (test/deployment.test.ts holds the two
# together), with the system libraries it needs. So npm's own copy, 211 MB, stays out: --omit=optional.
FROM node:26.10.0-trixie-slim AS base
WORKDIR /app

FROM base AS dependencies
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --omit=optional --ignore-scripts

FROM base AS console
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY console ./console
RUN node console/prepare.ts

FROM base
RUN install -d -o node -g node -m 700 /data
COPY --from=dependencies /app/node_modules ./node_modules
COPY --from=console /app/console/dist ./console/dist
COPY package.json LICENSE ./
COPY src ./src

# Reachable from outside the container. Everything that is set here may be set anew when it is started; secrets are given
# only then.
ENV TEXTBRIDGE_HOST=0.0.0.0 \
    TEXTBRIDGE_PORT=3000 \
    TEXTBRIDGE_DATABASE_URL=sqlite:/data/textbridge.db
# The database, where it is SQLite. Nothing else is ever written, so the rest may be mounted read-only.
VOLUME /data
EXPOSE 3000
USER node
STOPSIGNAL SIGTERM

# Whether the process answers, not whether its database does (/readyz): a database that is away is not mended by starting
# every process anew, and an orchestrator does that to what is unhealthy.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + process.env.TEXTBRIDGE_PORT + '/healthz').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]

# With another argument than serve it is the whole command line: migrate, apply -f <file>, keys list.
ENTRYPOINT ["node", "src/main.ts"]
CMD ["serve"]
