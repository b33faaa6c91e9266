/**
 * What is wrong between entries, routers and kinds: prefixes, TLS, flags, conflicts, and the words that it is refused with: each
 * text is followed by its messages (`> line:column: …`, without the quoted source line). The reference of what a person sees.
 */
export const WRONG_KINDS = String.raw`
## entries by prefix

routers: [{protocol: http, servers: [{}], client: {configs: [{prefix: /}]}}]
> 1:52: routers[0].client.configs: configs belongs to kind io.l5d.static. Write "kind: io.l5d.static" beside it.

routers: [{protocol: http, servers: [{}], client: {kind: io.l5d.static, configs: [{loadBalancer: {kind: p2c}}]}}]
> 1:83: routers[0].client.configs[0].prefix: missing required key "prefix". Add "prefix: …".

routers: [{protocol: http, servers: [{}], client: {kind: io.l5d.static, configs: {prefix: /}}}]
> 1:82: routers[0].client.configs: expected a list, found a map. Begin each item with "- ".

routers: [{protocol: http, servers: [{}], client: {kind: io.l5d.static, loadBalancer: {kind: ewma}, configs: []}}]
> 1:73: routers[0].client.loadBalancer: loadBalancer belongs into an entry of configs. Write an entry such as "- {prefix: /, loadBalancer: …}".

routers: [{protocol: http, servers: [{}], client: {kind: io.l5d.static, configs: [{prefix: [a]}, {prefixes: /a}]}}]
> 1:92: routers[0].client.configs[0].prefix: expected a path expression, found a list. Write one value.
> 1:98: routers[0].client.configs[1].prefix: missing required key "prefix". Did you mean "prefix" where "prefixes" stands?
> 1:99: routers[0].client.configs[1].prefixes: unknown key "prefixes". Did you mean "prefix"?

routers: [{protocol: http, servers: [{}], client: {kind: io.l5d.static, configs: [{prefix: /, laodBalancer: {}}]}}]
> 1:95: routers[0].client.configs[0].laodBalancer: unknown key "laodBalancer". Did you mean "loadBalancer"?

routers: [{protocol: http, servers: [{}], client: {kind: io.l5d.static, configs: [{prefix: /}, {prefix: /a, hostConnectionPool: {minSize: 2, maxSize: 1}}]}}]
> 1:129: routers[0].client.configs[1].hostConnectionPool: minSize 2 is greater than maxSize 1. Lower minSize to 1 or raise maxSize.

routers: [{protocol: http, servers: [{}], client: {kind: io.l5d.static, configs: [{prefix: /a, maxFrameBytes: 16384}]}}]
> 1:96: routers[0].client.configs[0].maxFrameBytes: maxFrameBytes is for clients that speak h2, and this one speaks http. Write "protocol: h2" beside it if the endpoints speak HTTP/2; otherwise leave the key out.

routers: [{protocol: h2, servers: [{}], client: {kind: io.l5d.static, configs: [{prefix: /, protocol: http}, {prefix: /a, windowUpdateRatio: 0.5}]}}]
> 1:123: routers[0].client.configs[1].windowUpdateRatio: windowUpdateRatio is for clients that speak h2, and this one speaks http. Write "protocol: h2" beside it if the endpoints speak HTTP/2; otherwise leave the key out.

routers: [{protocol: http, servers: [{}], service: {kind: static, configs: []}}]
> 1:59: routers[0].service.kind: unknown service kind "static". Did you mean "io.l5d.static"? Supported: io.l5d.global, io.l5d.static.

routers: [{protocol: http, servers: [{}], service: {responseClassifier: {kind: io.l5d.http.allSuccessful}, configs: []}}]
> 1:108: routers[0].service.configs: configs belongs to kind io.l5d.static. Write "kind: io.l5d.static" beside it.

routers: [{protocol: http, servers: [{}], service: {kind: io.l5d.static, responseClassifier: {kind: io.l5d.http.allSuccessful}}}]
> 1:52: routers[0].service.configs: missing required key "configs". Add "configs: …".
> 1:74: routers[0].service.responseClassifier: responseClassifier belongs into an entry of configs. Write an entry such as "- {prefix: /, responseClassifier: …}".

routers: [{protocol: http, servers: [{}], service: {kind: io.l5d.static, configs: [{prefix: /svc, responseClassifier: {}}]}}]
> 1:119: routers[0].service.configs[0].responseClassifier: missing required key "kind". Supported: io.l5d.http.nonRetryable5XX, io.l5d.http.retryableRead5XX, io.l5d.http.retryableIdempotent5XX, io.l5d.http.retryableAll5XX, io.l5d.http.allSuccessful.

routers: [{protocol: http, servers: [{}], service: {kind: io.l5d.static, configs: [/svc]}}]
> 1:84: routers[0].service.configs[0]: expected a map of keys, found "/svc". Write "key: value" pairs.

routers: [{protocol: http, servers: [{}], client: io.l5d.static}]
> 1:51: routers[0].client: expected a map with the key "kind", found "io.l5d.static". Write {kind: io.l5d.static, …}.

## TLS, which is refused, and wrong besides

routers: [{protocol: http, servers: [{}], client: {tls: {trustCertsBundle: ca.pem}}}]
> 1:52: routers[0].client.tls: tls is Linkerd's, and Weft does not support it yet; see docs/compatibility.md
> 1:57: routers[0].client.tls: tls is configured with validation but ${'`'}commonName${'`'} is not set. Write the name that the endpoints' certificates have, or "disableValidation: true".

routers: [{protocol: http, servers: [{}], client: {tls: {commonName: a, trustCertsBundle: ca.pem, trustCerts: [ca.pem]}}}]
> 1:52: routers[0].client.tls: tls is Linkerd's, and Weft does not support it yet; see docs/compatibility.md
> 1:57: routers[0].client.tls: Both trustCerts and trustCertsBundle have been set. Please use only trustCertsBundle.

routers: [{protocol: http, servers: [{}], client: {tls: {enabled: false, trustCerts: ca.pem}}}]
> 1:52: routers[0].client.tls: tls is Linkerd's, and Weft does not support it yet; see docs/compatibility.md
> 1:86: routers[0].client.tls.trustCerts: expected a list, found "ca.pem". Begin each item with "- ".

routers: [{protocol: http, servers: [{}], client: {kind: io.l5d.static, configs: [{prefix: /, tls: {disableValidation: true, clientAuth: {certPath: a}}}]}}]
> 1:95: routers[0].client.configs[0].tls: tls is Linkerd's, and Weft does not support it yet; see docs/compatibility.md
> 1:100: routers[0].client.configs[0].tls: disableValidation: true is incompatible with clientAuth. Leave one of them out.
> 1:138: routers[0].client.configs[0].tls.clientAuth.keyPath: missing required key "keyPath". Add "keyPath: …".

routers: [{protocol: http, servers: [{tls: {certPath: a, keyPath: b, requireClientAuth: maybe, ciphers: X}}]}]
> 1:39: routers[0].servers[0].tls: tls is Linkerd's, and Weft does not support it yet; see docs/compatibility.md
> 1:89: routers[0].servers[0].tls.requireClientAuth: "maybe" is not a boolean. Write true or false.
> 1:105: routers[0].servers[0].tls.ciphers: expected a list, found "X". Begin each item with "- ".

## experimental kinds

routers: [{protocol: thriftmux, label: a, servers: [{}], experimental: false}, {protocol: thriftmux, label: b, experimental: "true", servers: [{port: 1}]}]
> 1:22: routers[0].protocol: thriftmux is Linkerd's, and Weft does not support it yet; see docs/compatibility.md
> 1:22: routers[0].protocol: The thriftmux protocol is experimental and must be explicitly enabled by setting the ${'`'}experimental' parameter to ${'`'}true' on each router. Write "experimental: true" beside it.
> 1:91: routers[1].protocol: thriftmux is Linkerd's, and Weft does not support it yet; see docs/compatibility.md

routers: [{protocol: http, servers: [{}], interpreter: {kind: io.l5d.namerd.http, dst: /a, experimental: 0}}]
> 1:63: routers[0].interpreter.kind: io.l5d.namerd.http is Linkerd's, and Weft does not support it yet; see docs/compatibility.md
> 1:63: routers[0].interpreter.kind: The io.l5d.namerd.http interpreter is experimental and must be explicitly enabled by setting the ${'`'}experimental' parameter to ${'`'}true'. Write "experimental: true" beside it.

routers: [{protocol: http, servers: [{}]}]
namers: [{kind: io.l5d.rancher}, {kind: io.l5d.k8s.external, experimental: true}, {kind: io.l5d.curator, zkAddrs: [{prot: 1}]}]
> 2:17: namers[0].kind: io.l5d.rancher is Linkerd's, and Weft does not support it yet; see docs/compatibility.md
> 2:17: namers[0].kind: The io.l5d.rancher namer is experimental and must be explicitly enabled by setting the ${'`'}experimental' parameter to ${'`'}true'. Write "experimental: true" beside it.
> 2:41: namers[1].kind: io.l5d.k8s.external is Linkerd's, and Weft does not support it yet; see docs/compatibility.md
> 2:90: namers[2].kind: io.l5d.curator is Linkerd's, and Weft does not support it yet; see docs/compatibility.md
> 2:90: namers[2].kind: The io.l5d.curator namer is experimental and must be explicitly enabled by setting the ${'`'}experimental' parameter to ${'`'}true'. Write "experimental: true" beside it.
> 2:116: namers[2].zkAddrs[0].host: missing required key "host". Add "host: …".
> 2:117: namers[2].zkAddrs[0].prot: unknown key "prot". Did you mean "port"?

## conflicts

routers: [{protocol: http, servers: [{port: 9990}]}]
> 1:45: routers[0].servers[0]: Server conflict on port 9990: admin and routers[0].servers[0] both listen on 127.0.0.1:9990. Give one of them another port or ip.

routers: [{protocol: http, servers: [{port: 9991, ip: 10.0.0.1}]}]
admin: {ip: 0.0.0.0, port: 9991}
> 1:45: routers[0].servers[0]: Server conflict on port 9991: admin listens on 0.0.0.0:9991, and routers[0].servers[0] on 10.0.0.1:9991. Give one of them another port or ip.

routers: [{protocol: http, servers: [{port: 1, ip: 0.0.0.0}, {port: 1}, {port: 1, ip: "::"}, {port: 1, ip: "::1"}]}]
> 1:69: routers[0].servers[1]: Server conflict on port 1: routers[0].servers[0] listens on 0.0.0.0:1, and routers[0].servers[1] on 127.0.0.1:1. Give one of them another port or ip.
> 1:101: routers[0].servers[3]: Server conflict on port 1: routers[0].servers[2] listens on [::]:1, and routers[0].servers[3] on [::1]:1. Give one of them another port or ip.

routers: [{protocol: thrift, servers: [{}]}, {protocol: mux, label: thrift, servers: [{port: 4114}]}]
> 1:22: routers[0].protocol: thrift is Linkerd's, and Weft does not support it yet; see docs/compatibility.md
> 1:57: routers[1].protocol: mux is Linkerd's, and Weft does not support it yet; see docs/compatibility.md
> 1:69: routers[1]: Multiple routers with the label thrift. Give each router its own "label:".
> 1:94: routers[1].servers[0]: Server conflict on port 4114: routers[0].servers[0] and routers[1].servers[0] both listen on 127.0.0.1:4114. Give one of them another port or ip.

routers: [{protocol: http, servers: [{}], label: a}, {protocol: h2, servers: [{port: "4140"}], label: "a"}, {protocol: h2, servers: [], label: a}]
> 1:86: routers[1].servers[0]: Server conflict on port 4140: routers[0].servers[0] and routers[1].servers[0] both listen on 127.0.0.1:4140. Give one of them another port or ip.
> 1:103: routers[1]: Multiple routers with the label a. Give each router its own "label:".
> 1:133: routers[2]: router 'a' has no servers. Add "servers:" with at least one item, such as "- port: 4142".
> 1:144: routers[2]: Multiple routers with the label a. Give each router its own "label:".

routers: [{protocol: http, label: x, servers: [{}], streamingEnabled: "false", streamAfterContentLengthKB: 4}]
> 1:71: routers[0].streamingEnabled: streamingEnabled: false is Linkerd's, and Weft does not support it yet; see docs/compatibility.md. Write true, or leave the key out.
> 1:108: routers[0].streamAfterContentLengthKB: router 'x' has conflicting streaming options: streamAfterContentLengthKB with streamingEnabled: false. Leave one of them out.

## files of namerd

routers: [{protocol: http, servers: [{}]}]
storage: {kind: io.l5d.inMemory}
interfaces: [{kind: io.l5d.httpController}]
> 2:1: storage: storage belongs into a namerd.yaml, and Weft does not do namerd's work yet; see docs/compatibility.md
> 3:1: interfaces: interfaces belongs into a namerd.yaml, and Weft does not do namerd's work yet; see docs/compatibility.md

## what refused kinds want

routers: [{protocol: http, servers: [{}], interpreter: {kind: io.l5d.fs, dtabfile: a}}]
> 1:56: routers[0].interpreter.dtabFile: missing required key "dtabFile". Did you mean "dtabFile" where "dtabfile" stands?
> 1:63: routers[0].interpreter.kind: io.l5d.fs is Linkerd's, and Weft does not support it yet; see docs/compatibility.md
> 1:74: routers[0].interpreter.dtabfile: unknown key "dtabfile". Did you mean "dtabFile"?

routers: [{protocol: http, servers: [{}]}]
telemetry: [{kind: io.l5d.recentRequests, sampleRate: 1.5}, {kind: io.l5d.recentRequests}]
> 2:20: telemetry[0].kind: io.l5d.recentRequests is Linkerd's, and Weft does not support it yet; see docs/compatibility.md
> 2:55: telemetry[0].sampleRate: 1.5 is not from 0 to 1. Write a number from 0 to 1, such as 0.9.
> 2:61: telemetry[1].sampleRate: missing required key "sampleRate". Add "sampleRate: …".
> 2:68: telemetry[1].kind: io.l5d.recentRequests is Linkerd's, and Weft does not support it yet; see docs/compatibility.md

routers: [{protocol: http, servers: [{}]}]
namers: [{kind: io.l5d.serversets, zkAddrs: [{host: a, port: 70000}]}]
> 2:17: namers[0].kind: io.l5d.serversets is Linkerd's, and Weft does not support it yet; see docs/compatibility.md
> 2:62: namers[0].zkAddrs[0].port: 70000 outside valid range for ports. Write a whole number from 0 to 65535.
`;
