/**
 * Http routers that are refused: identifiers, servers, clients and services included, and the words they are refused with: each text is
 * followed by its messages (`> line:column: …`, without the quoted source line). The reference of what a person sees.
 */
export const WRONG_ROUTERS = String.raw`
## routers

routers: []
> 1:10: routers: At least one router must be specified in the configuration. Add one, such as "- protocol: http".

admin: {}
> 1:1: routers: missing required key "routers". Add "routers: …".

routers: [http]
> 1:11: routers[0]: expected a map with the key "protocol", found "http". Write {protocol: http, …}.

routers: [{protokol: http, servers: [{}]}]
> 1:11: routers[0]: missing required key "protocol". Did you mean "protocol" where "protokol" stands?

routers:
> 1:1: routers: missing required key "routers". Add "routers: …".

routers: [{servers: [{}]}]
> 1:11: routers[0]: missing required key "protocol". Supported: http, h2.

routers: [{protocol: htpp, servers: [{}]}]
> 1:22: routers[0].protocol: unknown router protocol "htpp". Did you mean "http"? Supported: http, h2.

routers: [{protocol: thrift, servers: [{}]}]
> 1:22: routers[0].protocol: thrift is Linkerd's, and Weft does not support it yet; see docs/compatibility.md

routers: [{protocol: http}]
> 1:11: routers[0]: router 'http' has no servers. Add "servers:" with at least one item, such as "- port: 4140".

routers: [{protocol: http, label: in, servers: []}]
> 1:48: routers[0]: router 'in' has no servers. Add "servers:" with at least one item, such as "- port: 4140".

routers: [{protocol: http, servers: [{}]}, {protocol: http, servers: [{port: 4141}]}]
> 1:55: routers[1]: Multiple routers with the label http. Give each router its own "label:".

routers: [{protocol: http, servers: [{}]}, {protocol: http, label: b, servers: [{port: "4140", ip: 127.0.0.1}]}]
> 1:88: routers[1].servers[0]: Server conflict on port 4140: routers[0].servers[0] and routers[1].servers[0] both listen on 127.0.0.1:4140. Give one of them another port or ip.

routers: [{protocol: http, servers: [{port: 1, ip: "::1"}, {port: 1, ip: "0:0:0:0:0:0:0:1"}]}]
> 1:67: routers[0].servers[1]: Server conflict on port 1: routers[0].servers[0] and routers[0].servers[1] both listen on [::1]:1. Give one of them another port or ip.

routers: [{protocol: http, servers: [{}], lable: a}]
> 1:43: routers[0].lable: unknown key "lable". Did you mean "label"?

routers: [{protocol: http, servers: [{}], label: ""}]
> 1:50: routers[0].label: the string is empty. Write a name, or leave the key out.

routers: [{protocol: http, servers: [{}], label: [a]}]
> 1:50: routers[0].label: expected a string, found a list. Write one value.

routers: [{protocol: http, servers: [{}], dtab: "/foo"}]
> 1:54: routers[0].dtab: '=' expected but end of input found at '/foo[]'. Write entries such as "/svc => /#/io.l5d.fs ;".

routers: [{protocol: http, servers: [{}], dtab: [/a => /b]}]
> 1:49: routers[0].dtab: expected a dtab, found a list. Write one value.

routers:
- protocol: http
  servers: [{}]
  dtab: |
    /svc => /#/io.l5d.fs ;

    /http => /svc/ ;
> 7:19: routers[0].dtab: label char expected but ' ' found. Write entries such as "/svc => /#/io.l5d.fs ;".

routers:
- protocol: http
  servers: [{}]
  dtab: /svc => /a ;
    /http = /svc
> 5:12: routers[0].dtab: '>' expected but ' ' found at '/svc => /a ; /http =[ ]/svc'. Write entries such as "/svc => /#/io.l5d.fs ;".

routers: [{protocol: http, servers: [{}], dtab: '/svc => /a ; /b => @'}]
> 1:69: routers[0].dtab: simple expected but '@' found at '/svc => /a ; /b => [@]'. Write entries such as "/svc => /#/io.l5d.fs ;".

routers: [{protocol: http, servers: [{}], dtab: "/svc => /a ;\n/b"}]
> 1:49: routers[0].dtab: '=' expected but end of input found. Write entries such as "/svc => /#/io.l5d.fs ;".

routers: [{protocol: http, servers: [{}], dstPrefix: /svc/}]
> 1:59: routers[0].dstPrefix: label char expected but end of input found at '/svc/[]'. Write a path such as /svc or /a/b.

routers: [{protocol: http, servers: [{}], maxHeadersKB: 0}]
> 1:57: routers[0].maxHeadersKB: 0 is too small. Write a whole number from 1 to 2097151.

routers: [{protocol: http, servers: [{}], maxInitialLineKB: "4k"}]
> 1:61: routers[0].maxInitialLineKB: "4k" is not a whole number. Write a whole number from 1 to 2097151.

routers: [{protocol: http, servers: [{}], maxErrResponseKB: 3000000}]
> 1:61: routers[0].maxErrResponseKB: 3000000 is too large. Write a whole number from 1 to 2097151.

routers: [{protocol: http, servers: [{}], streamingEnabled: false}]
> 1:61: routers[0].streamingEnabled: streamingEnabled: false is Linkerd's, and Weft does not support it yet; see docs/compatibility.md. Write true, or leave the key out.

routers: [{protocol: http, servers: [{}], streamAfterContentLengthKB: -5}]
> 1:71: routers[0].streamAfterContentLengthKB: -5 is too small. Write a whole number from 0 to 2097151.

routers: [{protocol: http, servers: [{}], compressionLevel: 10}]
> 1:61: routers[0].compressionLevel: 10 is too large. Write a whole number from -1 to 9.

routers: [{protocol: http, servers: [{}], compressionLevel: -2}]
> 1:61: routers[0].compressionLevel: -2 is too small. Write a whole number from -1 to 9.

routers: [{protocol: http, servers: [{}], bindingTimeoutMs: 0}]
> 1:61: routers[0].bindingTimeoutMs: 0 is too small. Write a whole number from 1 to 2147483647.

routers: [{protocol: http, servers: [{}], bindingCache: {path: 5}}]
> 1:58: routers[0].bindingCache.path: unknown key "path". Did you mean "paths"?

routers: [{protocol: http, servers: [{}], originator: nope}]
> 1:55: routers[0].originator: "nope" is not a boolean. Write true or false.

routers: [{protocol: http, servers: [{}], maxRequestKB: 5}]
> 1:43: routers[0].maxRequestKB: maxRequestKB was removed in Linkerd 1.7.0. Leave it out: bodies are streamed, whatever their size.

routers: [{protocol: http, servers: [{}], baseDtab: /a => /b}]
> 1:43: routers[0].baseDtab: baseDtab was removed in Linkerd 1.0.0. Write "dtab".

routers: [{protocol: http, servers: [{}], timeoutMs: 5}]
> 1:43: routers[0].timeoutMs: timeoutMs was removed in Linkerd 1.0.0. Write "totalTimeoutMs" under "service".

routers: [{protocol: http, servers: [{}], failFast: true}]
> 1:43: routers[0].failFast: failFast was removed in Linkerd 1.0.0. Write "failFast" under "client".

routers: [{protocol: http, servers: [{}], httpAccessLog: a.log, httpAccessLogRollPolicy: monthly}]
> 1:90: routers[0].httpAccessLogRollPolicy: "monthly" is not a roll policy. Write never, hourly, daily, weekly(n) with n from 1 (Sunday) to 7, sighup, or a size such as 100.megabytes.

routers: [{protocol: http, servers: [{}], httpAccessLog: a.log, httpAccessLogRollPolicy: weekly(8), httpAccessLogRotateCount: -2}]
> 1:90: routers[0].httpAccessLogRollPolicy: "weekly(8)" is not a roll policy. Write never, hourly, daily, weekly(n) with n from 1 (Sunday) to 7, sighup, or a size such as 100.megabytes.
> 1:127: routers[0].httpAccessLogRotateCount: -2 is too small. Write a whole number from -1 to 2147483647.

routers: [{protocol: http, servers: [{}], httpAccessLog: '', httpAccessLogAppend: 2}]
> 1:58: routers[0].httpAccessLog: the string is empty. Write a name, or leave the key out.
> 1:83: routers[0].httpAccessLogAppend: 2 is not a boolean. Write true or false.

routers: [{protocol: http, servers: [{}], tracePropagator: {kind: io.l5d.zipkn}}]
> 1:67: routers[0].tracePropagator.kind: unknown tracePropagator kind "io.l5d.zipkn". Did you mean "io.l5d.zipkin"? Supported: io.l5d.default, io.l5d.zipkin.

routers: [{protocol: http, servers: [{}], announcers: [{kind: io.l5d.serversets}]}]
> 1:43: routers[0].announcers: announcers is Linkerd's, and Weft does not support it yet; see docs/compatibility.md

routers: [{protocol: http, servers: [{}], thriftProtocol: binary}]
> 1:43: routers[0].thriftProtocol: unknown key "thriftProtocol". Known keys here: protocol, label, servers, client, service, identifier, dtab, dstPrefix, interpreter, originator, bindingTimeoutMs, bindingCache, tracePropagator, maxHeadersKB, maxInitialLineKB, maxErrResponseKB, streamingEnabled, compressionLevel, streamAfterContentLengthKB, httpAccessLog, httpAccessLogRollPolicy, httpAccessLogAppend, httpAccessLogRotateCount, experimental.

routers: [{protocol: http, servers: [{}], interpreter: {kind: io.l5d.namerd, dts: /$/inet/a/1}}]
> 1:56: routers[0].interpreter.dst: missing required key "dst". Did you mean "dst" where "dts" stands?
> 1:63: routers[0].interpreter.kind: io.l5d.namerd is Linkerd's, and Weft does not support it yet; see docs/compatibility.md
> 1:78: routers[0].interpreter.dts: unknown key "dts". Did you mean "dst"?

routers: [{protocol: http, servers: [{}], interpreter: {kind: Default}}]
> 1:63: routers[0].interpreter.kind: unknown interpreter kind "Default". Did you mean "default"? Supported: default.

routers: [{protocol: http, servers: [{}], interpreter: {}}]
> 1:56: routers[0].interpreter: missing required key "kind". Supported: default.

## identifiers

routers: [{protocol: http, servers: [{}], identifier: []}]
> 1:55: routers[0].identifier: the list is empty. Write at least one item, or leave the key out.

routers: [{protocol: http, servers: [{}], identifier: io.l5d.path}]
> 1:55: routers[0].identifier: expected a map with the key "kind", found "io.l5d.path". Write {kind: io.l5d.path, …}.

routers: [{protocol: http, servers: [{}], identifier: {kind: io.l5d.static}}]
> 1:55: routers[0].identifier.path: missing required key "path". Add "path: …".

routers: [{protocol: http, servers: [{}], identifier: {kind: io.l5d.static, path: foo}}]
> 1:83: routers[0].identifier.path: '/' expected but 'f' found at '[f]oo'. Write a path such as /svc or /a/b.

routers: [{protocol: http, servers: [{}], identifier: [{kind: io.l5d.header}, {kind: io.l5d.path, segments: 0}]}]
> 1:109: routers[0].identifier[1].segments: 0 is too small. Write a whole number from 1 to 2147483647.

routers: [{protocol: http, servers: [{}], identifier: {kind: io.l5d.header.token, header: ":authority"}}]
> 1:91: routers[0].identifier.header: ":authority" is not a header name. Use letters, digits and hyphens.

routers: [{protocol: http, servers: [{}], identifier: {kind: io.l5d.header.path}}]
> 1:62: routers[0].identifier.kind: io.l5d.header.path is for h2 routers, not http ones. Supported: io.l5d.header.token, io.l5d.header, io.l5d.methodAndHost, io.l5d.path, io.l5d.static.

routers: [{protocol: http, servers: [{}], identifier: {kind: io.l5d.ingress}}]
> 1:62: routers[0].identifier.kind: io.l5d.ingress is Linkerd's, and Weft does not support it yet; see docs/compatibility.md

routers: [{protocol: http, servers: [{}], identifier: {kind: io.l5d.methodAndHost, httpUriInDest: true}}]
> 1:84: routers[0].identifier.httpUriInDest: unknown key "httpUriInDest". Did you mean "httpUriInDst"?

routers: [{protocol: http, servers: [{}], identifier: {kind: io.l5d.path, consume: 2}}]
> 1:84: routers[0].identifier.consume: 2 is not a boolean. Write true or false.

## servers

routers: [{protocol: http, servers: [{port: 70000}]}]
> 1:45: routers[0].servers[0].port: 70000 outside valid range for ports. Write a whole number from 0 to 65535.

routers: [{protocol: http, servers: [{port: http}]}]
> 1:45: routers[0].servers[0].port: "http" is not a whole number. Write a whole number from 0 to 65535.

routers: [{protocol: http, servers: [{ip: localhost}]}]
> 1:43: routers[0].servers[0].ip: 'localhost' is not an IP string literal. Did you mean "127.0.0.1"?

routers: [{protocol: http, servers: [{ip: 010.0.0.1}]}]
> 1:43: routers[0].servers[0].ip: '010.0.0.1' is not an IP string literal. Write an address such as 127.0.0.1, 0.0.0.0 or ::1; host names are not looked up.

routers: [{protocol: http, servers: [{maxConcurrentRequests: 0}]}]
> 1:62: routers[0].servers[0].maxConcurrentRequests: 0 is too small. Write a whole number from 1 to 2147483647.

routers: [{protocol: http, servers: [{maxCallDepth: -5}]}]
> 1:53: routers[0].servers[0].maxCallDepth: -5 is too small. Write a whole number from 1 to 2147483647.

routers: [{protocol: http, servers: [{clearContext: "on"}]}]
> 1:53: routers[0].servers[0].clearContext: "on" is not a boolean. Write true or false.

routers: [{protocol: http, servers: [{timestampHeader: "x y"}]}]
> 1:56: routers[0].servers[0].timestampHeader: "x y" is not a header name. Use letters, digits and hyphens.

routers: [{protocol: http, servers: [{timeoutMs: 0}]}]
> 1:50: routers[0].servers[0].timeoutMs: 0 is too small. Write a whole number from 1 to 2147483647.

routers: [{protocol: http, servers: [{serverSession: {idleTimeMs: 0, lifeTimeMs: 1h, idleTime: 5}}]}]
> 1:67: routers[0].servers[0].serverSession.idleTimeMs: 0 is too small. Write a whole number from 1 to 2147483647.
> 1:82: routers[0].servers[0].serverSession.lifeTimeMs: "1h" is not a whole number. Write a whole number from 1 to 2147483647.
> 1:86: routers[0].servers[0].serverSession.idleTime: unknown key "idleTime". Did you mean "idleTimeMs"?

routers: [{protocol: http, servers: [{tls: {certPath: a, keyPath: b}}]}]
> 1:39: routers[0].servers[0].tls: tls is Linkerd's, and Weft does not support it yet; see docs/compatibility.md

routers: [{protocol: http, servers: [{addForwardedHeader: {by: {kind: "ip port"}, for: {kind: static}}}]}]
> 1:71: routers[0].servers[0].addForwardedHeader.by.kind: unknown forwarded label kind "ip port". Did you mean "ip:port"? Supported: ip, ip:port, connectionRandom, requestRandom, router, static.
> 1:88: routers[0].servers[0].addForwardedHeader.for.label: missing required key "label". Add "label: …".

routers: [{protocol: http, servers: [{addForwardedHeader: {by: {kind: static, label: "a;for=b"}, fore: {kind: ip}}}]}]
> 1:86: routers[0].servers[0].addForwardedHeader.by.label: "a;for=b" is not an identifier of RFC 7239. Use letters, digits, ".", "_" and "-".
> 1:98: routers[0].servers[0].addForwardedHeader.fore: unknown key "fore". Did you mean "for"?

routers: [{protocol: http, servers: [{announce: [/#/io.l5d.serversets/a]}]}]
> 1:39: routers[0].servers[0].announce: announce is Linkerd's, and Weft does not support it yet; see docs/compatibility.md

routers: [{protocol: http, servers: [{engine: {kind: netty3}}]}]
> 1:39: routers[0].servers[0].engine: engine was removed in Linkerd 1.3.0. Leave it out: there is one engine.

routers: [{protocol: http, servers: [{socketOptions: {noDelay: 5}}]}]
> 1:64: routers[0].servers[0].socketOptions.noDelay: 5 is not a boolean. Write true or false.

routers: [{protocol: http, servers: [{socketOptions: {backlog: 0, readTimeoutMs: 5, writeTimeoutMs: 0}}]}]
> 1:64: routers[0].servers[0].socketOptions.backlog: 0 is too small. Write a whole number from 1 to 2147483647.
> 1:101: routers[0].servers[0].socketOptions.writeTimeoutMs: 0 is too small. Write a whole number from 1 to 2147483647.

routers: [{protocol: http, servers: [{socketOptions: {keepalive: true}}]}]
> 1:55: routers[0].servers[0].socketOptions.keepalive: unknown key "keepalive". Did you mean "keepAlive"?

routers: [{protocol: http, servers: {port: 1}}]
> 1:37: routers[0].servers: expected a list, found a map. Begin each item with "- ".

routers: [{protocol: http, servers: [4140]}]
> 1:38: routers[0].servers[0]: expected a map of keys, found 4140. Write "key: value" pairs.

## client and service

routers: [{protocol: http, servers: [{}], client: {kind: io.l5d.statik}}]
> 1:58: routers[0].client.kind: unknown client kind "io.l5d.statik". Did you mean "io.l5d.static"? Supported: io.l5d.global, io.l5d.static.

routers: [{protocol: http, servers: [{}], client: {kind: io.l5d.static}}]
> 1:51: routers[0].client.configs: missing required key "configs". Add "configs: …".

routers: [{protocol: http, servers: [{}], client: {loadBalancer: {kind: best}}}]
> 1:73: routers[0].client.loadBalancer.kind: unknown loadBalancer kind "best". Supported: p2c, ewma, aperture, heap, roundRobin.

routers: [{protocol: http, servers: [{}], client: {loadBalancer: {kind: aperture, lowLoad: 1, hiLoad: 2}}}]
> 1:95: routers[0].client.loadBalancer.hiLoad: unknown key "hiLoad". Did you mean "highLoad"?

routers: [{protocol: http, servers: [{}], client: {loadBalancer: {kind: aperture, lowLoad: 2.5}}}]
> 1:66: routers[0].client.loadBalancer: lowLoad 2.5 is not below highLoad 2. Lower lowLoad or raise highLoad: a load between them changes nothing.

routers: [{protocol: http, servers: [{}], client: {loadBalancer: {kind: aperture, lowLoad: 0, minAperture: 0}}}]
> 1:92: routers[0].client.loadBalancer.lowLoad: 0 is not above 0. Write a number above 0, such as 0.5.
> 1:108: routers[0].client.loadBalancer.minAperture: 0 is too small. Write a whole number from 1 to 2147483647.

routers: [{protocol: http, servers: [{}], client: {loadBalancer: {kind: heap, maxEffort: 5}}}]
> 1:79: routers[0].client.loadBalancer.maxEffort: unknown key "maxEffort". Known keys here: kind, enableProbation, eagerConnections, minEndpoints, experimental.

routers: [{protocol: http, servers: [{}], client: {loadBalancer: {kind: roundRobin, minEndpoints: -1}}}]
> 1:99: routers[0].client.loadBalancer.minEndpoints: -1 is too small. Write a whole number from 0 to 2147483647.

routers: [{protocol: http, servers: [{}], client: {loadBalancer: {kind: p2c, decayTimeMs: 5}}}]
> 1:78: routers[0].client.loadBalancer.decayTimeMs: unknown key "decayTimeMs". Known keys here: kind, enableProbation, eagerConnections, minEndpoints, maxEffort, experimental.

routers: [{protocol: http, servers: [{}], client: {loadBalancer: {kind: p2c, failurePenaltyMs: 5}}}]
> 1:78: routers[0].client.loadBalancer.failurePenaltyMs: unknown key "failurePenaltyMs". Known keys here: kind, enableProbation, eagerConnections, minEndpoints, maxEffort, experimental.

routers: [{protocol: http, servers: [{}], client: {loadBalancer: {kind: ewma, maxEffort: 0}}}]
> 1:90: routers[0].client.loadBalancer.maxEffort: 0 is too small. Write a whole number from 1 to 2147483647.

routers: [{protocol: http, servers: [{}], client: {loadBalancer: {kind: ewma, enableProbation: maybe}}}]
> 1:96: routers[0].client.loadBalancer.enableProbation: "maybe" is not a boolean. Write true or false.

routers: [{protocol: http, servers: [{}], client: {loadBalancer: {}}}]
> 1:66: routers[0].client.loadBalancer: missing required key "kind". Supported: p2c, ewma, aperture, heap, roundRobin.

routers: [{protocol: http, servers: [{}], client: {hostConnectionPool: {minSize: 3, maxSize: 2}}}]
> 1:72: routers[0].client.hostConnectionPool: minSize 3 is greater than maxSize 2. Lower minSize to 2 or raise maxSize.

routers: [{protocol: http, servers: [{}], client: {hostConnectionPool: {maxWaiters: -1}}}]
> 1:85: routers[0].client.hostConnectionPool.maxWaiters: -1 is too small. Write a whole number from 0 to 2147483647.

routers: [{protocol: http, servers: [{}], client: {failFast: quickly}}]
> 1:62: routers[0].client.failFast: "quickly" is not a boolean. Write true or false.

routers: [{protocol: http, servers: [{}], client: {failureAccrual: {kind: io.l5d.consecutiveFailures}}}]
> 1:68: routers[0].client.failureAccrual.failures: missing required key "failures". Add "failures: …".

routers: [{protocol: http, servers: [{}], client: {failureAccrual: {kind: io.l5d.consecutiveFailures, failures: many}}}]
> 1:113: routers[0].client.failureAccrual.failures: "many" is not a whole number. Write a whole number from 0 to 2147483647.

routers: [{protocol: http, servers: [{}], client: {failureAccrual: {kind: io.l5d.successRate, successRate: 1.5, requests: 0}}}]
> 1:108: routers[0].client.failureAccrual.successRate: 1.5 is not from 0 to 1. Write a number from 0 to 1, such as 0.9.
> 1:123: routers[0].client.failureAccrual.requests: 0 is too small. Write a whole number from 1 to 2147483647.

routers: [{protocol: http, servers: [{}], client: {failureAccrual: {kind: io.l5d.successRate, backof: {}}}}]
> 1:68: routers[0].client.failureAccrual.successRate: missing required key "successRate". Add "successRate: …".
> 1:68: routers[0].client.failureAccrual.requests: missing required key "requests". Add "requests: …".
> 1:95: routers[0].client.failureAccrual.backof: unknown key "backof". Did you mean "backoff"?

routers: [{protocol: http, servers: [{}], client: {failureAccrual: {kind: io.l5d.successRateWindowed, successRate: high, window: 90000}}}]
> 1:116: routers[0].client.failureAccrual.successRate: "high" is not a number. Write a number from 0 to 1, such as 0.9.
> 1:130: routers[0].client.failureAccrual.window: 90000 is too large. Write a whole number from 1 to 64800.

routers: [{protocol: http, servers: [{}], client: {failureAccrual: {kind: io.l5d.successRateWindowed, successRate: 0.9, window: 20, backoff: {kind: jittered, minMs: 30000, maxMs: 1000}}}}]
> 1:142: routers[0].client.failureAccrual.backoff: minMs 30000 is greater than maxMs 1000. Lower minMs to 1000 or raise maxMs.

routers: [{protocol: http, servers: [{}], client: {failureAccrual: {kind: none, failures: 5}}}]
> 1:81: routers[0].client.failureAccrual.failures: unknown key "failures". Known keys here: kind, experimental.

routers: [{protocol: http, servers: [{}], client: {failureAccrual: {kind: consecutiveFailures, failures: 5}}}]
> 1:75: routers[0].client.failureAccrual.kind: unknown failureAccrual kind "consecutiveFailures". Did you mean "io.l5d.consecutiveFailures"? Supported: io.l5d.consecutiveFailures, io.l5d.successRate, io.l5d.successRateWindowed, none.

routers: [{protocol: http, servers: [{}], client: {requeueBudget: {ttlSecs: 0, percentCanRetry: 1001}}}]
> 1:77: routers[0].client.requeueBudget.ttlSecs: 0 is too small. Write a whole number from 1 to 60.
> 1:97: routers[0].client.requeueBudget.percentCanRetry: 1001 is not from 0 to 1000. Write a number from 0 to 1000, such as 0.2.

routers: [{protocol: http, servers: [{}], client: {requestAttemptTimeoutMs: 0}}]
> 1:77: routers[0].client.requestAttemptTimeoutMs: 0 is too small. Write a whole number from 1 to 2147483647.

routers: [{protocol: http, servers: [{}], client: {socketOptions: {reusePort: yes, keepAlive: null, backlog: ~}}}]
> 1:79: routers[0].client.socketOptions.reusePort: "yes" is not a boolean. Write true or false.

routers: [{protocol: http, servers: [{}], client: {forwardClientCert: true, tls: {commonName: a}}}]
> 1:77: routers[0].client.tls: tls is Linkerd's, and Weft does not support it yet; see docs/compatibility.md

routers: [{protocol: http, servers: [{}], service: {totalTimeoutMs: 5s}}]
> 1:69: routers[0].service.totalTimeoutMs: "5s" is not a whole number. Write a whole number from 1 to 2147483647.

routers: [{protocol: http, servers: [{}], service: {retries: {budget: {ttlSecs: 61, minRetriesPerSec: -1, percentCanRetry: many}}}}]
> 1:81: routers[0].service.retries.budget.ttlSecs: 61 is too large. Write a whole number from 1 to 60.
> 1:103: routers[0].service.retries.budget.minRetriesPerSec: -1 is too small. Write a whole number from 0 to 2147483647.
> 1:124: routers[0].service.retries.budget.percentCanRetry: "many" is not a number. Write a number from 0 to 1000, such as 0.2.

routers: [{protocol: http, servers: [{}], service: {retries: {backoff: {kind: jittered, minMs: 5}, bugdet: {}}}}]
> 1:72: routers[0].service.retries.backoff.maxMs: missing required key "maxMs". Add "maxMs: …".
> 1:100: routers[0].service.retries.bugdet: unknown key "bugdet". Did you mean "budget"?

routers: [{protocol: http, servers: [{}], service: {retries: {backoff: {ms: 5}}}}]
> 1:72: routers[0].service.retries.backoff: missing required key "kind". Supported: constant, jittered.

routers: [{protocol: http, servers: [{}], service: {retries: {backoff: {kind: jittered, minMs: 500, maxMs: 50}}}}]
> 1:72: routers[0].service.retries.backoff: minMs 500 is greater than maxMs 50. Lower minMs to 50 or raise maxMs.

routers: [{protocol: http, servers: [{}], service: {retries: {backoff: {kind: jittered, minMs: 0, maxMs: 50}}}}]
> 1:96: routers[0].service.retries.backoff.minMs: 0 is too small. Write a whole number from 1 to 2147483647.

routers: [{protocol: http, servers: [{}], service: {retries: {backoff: {kind: constant, ms: -1, minMs: 3}}}}]
> 1:93: routers[0].service.retries.backoff.ms: -1 is too small. Write a whole number from 0 to 2147483647.
> 1:97: routers[0].service.retries.backoff.minMs: unknown key "minMs". Known keys here: kind, ms, experimental.

routers: [{protocol: http, servers: [{}], service: {responseClassifier: {kind: io.l5d.h2.grpc.default}}}]
> 1:80: routers[0].service.responseClassifier.kind: io.l5d.h2.grpc.default is for h2 routers, not http ones. Supported: io.l5d.http.nonRetryable5XX, io.l5d.http.retryableRead5XX, io.l5d.http.retryableIdempotent5XX, io.l5d.http.retryableAll5XX, io.l5d.http.allSuccessful.

routers: [{protocol: http, servers: [{}], service: {responseClassifier: {kind: io.l5d.http.nonRetriable5XX}}}]
> 1:80: routers[0].service.responseClassifier.kind: unknown responseClassifier kind "io.l5d.http.nonRetriable5XX". Did you mean "io.l5d.http.nonRetryable5XX"? Supported: io.l5d.http.nonRetryable5XX, io.l5d.http.retryableRead5XX, io.l5d.http.retryableIdempotent5XX, io.l5d.http.retryableAll5XX, io.l5d.http.allSuccessful.

routers: [{protocol: http, servers: [{}], service: {kind: io.l5d.static, configs: [{prefix: /svc, totalTimeoutMs: 0}]}}]
> 1:115: routers[0].service.configs[0].totalTimeoutMs: 0 is too small. Write a whole number from 1 to 2147483647.
`;
