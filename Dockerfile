# Weft as a container image, a drop-in for Linkerd's: the same argument, the same default path of the configuration.
# The "trixie" of node:24-slim, because the prebuilt uWebSockets.js asks for glibc 2.38; without it the admin server
# falls back to node:http.

FROM node:24-trixie-slim AS build
WORKDIR /weft
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY . .
RUN npm run --silent build

# The packages of production, and of their binaries this platform's alone.
FROM node:24-trixie-slim AS packages
WORKDIR /weft
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --no-audit --no-fund \
 && uws="uws_linux_$(node -p process.arch)_$(node -p process.versions.modules).node" \
 && find node_modules/uWebSockets.js -name 'uws_*.node' ! -name "$uws" -delete \
 && test -f "node_modules/uWebSockets.js/$uws" \
 && rm -rf node_modules/koffi/vendor node_modules/koffi/doc node_modules/@koromix/koffi-*/musl_* \
 && node -e 'require("koffi")'

FROM node:24-trixie-slim
WORKDIR /weft
COPY --from=packages /weft/node_modules node_modules
COPY --from=build /weft/dist dist
COPY LICENSE package.json ./
COPY bin bin
COPY scripts/setup.mjs scripts/setup.mjs
# Tests and benchmarks are no part of the product.
RUN rm -rf dist/test dist/bench dist/loadtest && find dist -name '*.test.js*' -delete
ENV NODE_ENV=production
USER node
EXPOSE 4140 9990
ENTRYPOINT ["/weft/bin/weft"]
CMD ["/io.buoyant/linkerd/config/config.yaml"]
