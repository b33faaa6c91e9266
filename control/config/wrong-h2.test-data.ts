/**
 * H2 routers that are refused, what http routers may not have of them, and the words they are refused with: each text is
 * followed by its messages (`> line:column: …`, without the quoted source line). The reference of what a person sees.
 */
export const WRONG_H2_ROUTERS = `
## routers

routers: [{protocol: h2}]
> 1:11: routers[0]: router 'h2' has no servers. Add "servers:" with at least one item, such as "- port: 4142".

routers: [{protocol: h2, servers: [{}]}, {protocol: http, servers: [{port: 4142}]}]
> 1:76: routers[1].servers[0]: Server conflict on port 4142: routers[0].servers[0] and routers[1].servers[0] both listen on 127.0.0.1:4142. Give one of them another port or ip.

routers: [{protocol: h2, servers: [{}]}, {protocol: h2, servers: [{port: 1}]}]
> 1:53: routers[1]: Multiple routers with the label h2. Give each router its own "label:".

routers: [{protocol: h2, servers: [{}], h2AccesLog: a}]
> 1:41: routers[0].h2AccesLog: unknown key "h2AccesLog". Did you mean "h2AccessLog"?

routers: [{protocol: h2, servers: [{}], h2AccessLog: a, h2AccessLogRollPolicy: 0.bytes, h2AccessLogRotateCount: many}]
> 1:80: routers[0].h2AccessLogRollPolicy: "0.bytes" is not a roll policy. Write never, hourly, daily, weekly(n) with n from 1 (Sunday) to 7, sighup, or a size such as 100.megabytes.
> 1:113: routers[0].h2AccessLogRotateCount: "many" is not a whole number. Write a whole number from -1 to 2147483647.

routers: [{protocol: h2, servers: [{}], tracePropagator: zipkin, announcers: [{kind: io.l5d.serversets}]}]
> 1:58: routers[0].tracePropagator: expected a map with the key "kind", found "zipkin". Write {kind: …, …}.
> 1:66: routers[0].announcers: announcers is Linkerd's, and Weft does not support it yet; see docs/compatibility.md

routers: [{protocol: h2, servers: [{}], maxHeadersKB: 8}]
> 1:41: routers[0].maxHeadersKB: unknown key "maxHeadersKB". Known keys here: protocol, label, servers, client, service, identifier, dtab, dstPrefix, interpreter, originator, bindingTimeoutMs, bindingCache, tracePropagator, h2AccessLog, h2AccessLogRollPolicy, h2AccessLogAppend, h2AccessLogRotateCount, experimental.

routers: [{protocol: h2, servers: [{}], streamingEnabled: true}]
> 1:41: routers[0].streamingEnabled: unknown key "streamingEnabled". Known keys here: protocol, label, servers, client, service, identifier, dtab, dstPrefix, interpreter, originator, bindingTimeoutMs, bindingCache, tracePropagator, h2AccessLog, h2AccessLogRollPolicy, h2AccessLogAppend, h2AccessLogRotateCount, experimental.

routers: [{protocol: h2, servers: [{}], httpAccessLog: a.log}]
> 1:41: routers[0].httpAccessLog: unknown key "httpAccessLog". Did you mean "h2AccessLog"?

routers: [{protocol: h2, servers: [{}], bindingTimeoutMs: 0, dtab: /foo}]
> 1:59: routers[0].bindingTimeoutMs: 0 is too small. Write a whole number from 1 to 2147483647.
> 1:72: routers[0].dtab: '=' expected but end of input found at '/foo[]'. Write entries such as "/svc => /#/io.l5d.fs ;".

## identifiers

routers: [{protocol: h2, servers: [{}], identifier: {kind: io.l5d.header}}]
> 1:60: routers[0].identifier.kind: io.l5d.header is for http routers, not h2 ones. Supported: io.l5d.header.token, io.l5d.header.path, io.l5d.static.

routers: [{protocol: h2, servers: [{}], identifier: [{kind: io.l5d.methodAndHost}, {kind: io.l5d.path}]}]
> 1:61: routers[0].identifier[0].kind: io.l5d.methodAndHost is for http routers, not h2 ones. Supported: io.l5d.header.token, io.l5d.header.path, io.l5d.static.
> 1:91: routers[0].identifier[1].kind: io.l5d.path is for http routers, not h2 ones. Supported: io.l5d.header.token, io.l5d.header.path, io.l5d.static.

routers: [{protocol: h2, servers: [{}], identifier: {kind: io.l5d.header.path, segments: 0}}]
> 1:90: routers[0].identifier.segments: 0 is too small. Write a whole number from 1 to 2147483647.

routers: [{protocol: h2, servers: [{}], identifier: {kind: io.l5d.header.path, segment: 1}}]
> 1:80: routers[0].identifier.segment: unknown key "segment". Did you mean "segments"?

routers: [{protocol: h2, servers: [{}], identifier: {kind: io.l5d.header.path, header: ":status"}}]
> 1:88: routers[0].identifier.header: ":status" is not a header name. Use letters, digits and hyphens, or write one of :authority, :method, :path, :scheme.

routers: [{protocol: h2, servers: [{}], identifier: {kind: io.l5d.header.token, header: "a b"}}]
> 1:89: routers[0].identifier.header: "a b" is not a header name. Use letters, digits and hyphens, or write one of :authority, :method, :path, :scheme.

routers: [{protocol: h2, servers: [{}], identifier: {kind: io.l5d.static}}]
> 1:53: routers[0].identifier.path: missing required key "path". Add "path: …".

routers: [{protocol: h2, servers: [{}], identifier: {kind: io.l5d.ingress}}]
> 1:60: routers[0].identifier.kind: io.l5d.ingress is Linkerd's, and Weft does not support it yet; see docs/compatibility.md

routers: [{protocol: h2, servers: [{}], identifier: [{kind: io.l5d.k8s.istio}, {kind: io.l5d.k8s.istio-ingress}]}]
> 1:61: routers[0].identifier[0].kind: io.l5d.k8s.istio is Linkerd's, and Weft does not support it yet; see docs/compatibility.md
> 1:87: routers[0].identifier[1].kind: io.l5d.k8s.istio-ingress is Linkerd's, and Weft does not support it yet; see docs/compatibility.md

routers: [{protocol: h2, servers: [{}], identifier: {kind: io.l5d.header.tokens}}]
> 1:60: routers[0].identifier.kind: unknown identifier kind "io.l5d.header.tokens". Did you mean "io.l5d.header.token"? Supported: io.l5d.header.token, io.l5d.header.path, io.l5d.static.

## servers

routers: [{protocol: h2, servers: [{port: 70000, maxConcurrentRequests: 0}]}]
> 1:43: routers[0].servers[0].port: 70000 outside valid range for ports. Write a whole number from 0 to 65535.
> 1:73: routers[0].servers[0].maxConcurrentRequests: 0 is too small. Write a whole number from 1 to 2147483647.

routers: [{protocol: h2, servers: [{timestampHeader: x}]}]
> 1:37: routers[0].servers[0].timestampHeader: unknown key "timestampHeader". Known keys here: port, ip, label, maxConcurrentRequests, maxCallDepth, clearContext, addForwardedHeader, timeoutMs, socketOptions, serverSession, initialStreamWindowBytes, headerTableBytes, maxFrameBytes, maxHeaderListBytes, windowUpdateRatio, maxConcurrentStreamsPerConnection.

routers: [{protocol: h2, servers: [{initialStreamWindowBytes: 0}]}]
> 1:63: routers[0].servers[0].initialStreamWindowBytes: 0 is too small. Write a whole number from 1 to 2147483647.

routers: [{protocol: h2, servers: [{initialStreamWindowBytes: 2147483648}]}]
> 1:63: routers[0].servers[0].initialStreamWindowBytes: 2147483648 is too large. Write a whole number from 1 to 2147483647.

routers: [{protocol: h2, servers: [{headerTableBytes: 65537}]}]
> 1:55: routers[0].servers[0].headerTableBytes: 65537 is too large. Write a whole number from 0 to 65536.

routers: [{protocol: h2, servers: [{headerTableBytes: -1}]}]
> 1:55: routers[0].servers[0].headerTableBytes: -1 is too small. Write a whole number from 0 to 65536.

routers: [{protocol: h2, servers: [{maxFrameBytes: 16383}]}]
> 1:52: routers[0].servers[0].maxFrameBytes: 16383 is too small. Write a whole number from 16384 to 1048576.

routers: [{protocol: h2, servers: [{maxFrameBytes: 16777216}]}]
> 1:52: routers[0].servers[0].maxFrameBytes: 16777216 is too large. Write a whole number from 16384 to 1048576.

routers: [{protocol: h2, servers: [{maxFrameBytes: 1048577}]}]
> 1:52: routers[0].servers[0].maxFrameBytes: 1048577 is too large. Write a whole number from 16384 to 1048576.

routers: [{protocol: h2, servers: [{maxHeaderListBytes: 1023}]}]
> 1:57: routers[0].servers[0].maxHeaderListBytes: 1023 is too small. Write a whole number from 1024 to 1048576.

routers: [{protocol: h2, servers: [{maxHeaderListBytes: 1048577}]}]
> 1:57: routers[0].servers[0].maxHeaderListBytes: 1048577 is too large. Write a whole number from 1024 to 1048576.

routers: [{protocol: h2, servers: [{windowUpdateRatio: 1}]}]
> 1:56: routers[0].servers[0].windowUpdateRatio: 1 is not between 0 and 1. Write a number between 0 and 1, such as 0.5.

routers: [{protocol: h2, servers: [{windowUpdateRatio: "0.0"}]}]
> 1:56: routers[0].servers[0].windowUpdateRatio: "0.0" is not between 0 and 1. Write a number between 0 and 1, such as 0.5.

routers: [{protocol: h2, servers: [{windowUpdateRatio: half}]}]
> 1:56: routers[0].servers[0].windowUpdateRatio: "half" is not a number. Write a number between 0 and 1, such as 0.5.

routers: [{protocol: h2, servers: [{windowUpdateRatio: .nan}]}]
> 1:56: routers[0].servers[0].windowUpdateRatio: .nan is not between 0 and 1. Write a number between 0 and 1, such as 0.5.

routers: [{protocol: h2, servers: [{windowUpdateRatio: [0.5]}]}]
> 1:56: routers[0].servers[0].windowUpdateRatio: expected a number, found a list. Write one value.

routers: [{protocol: h2, servers: [{maxConcurrentStreamsPerConnection: 0}]}]
> 1:72: routers[0].servers[0].maxConcurrentStreamsPerConnection: 0 is too small. Write a whole number from 1 to 2147483647.

routers: [{protocol: h2, servers: [{maxFrameByte: 16384}]}]
> 1:37: routers[0].servers[0].maxFrameByte: unknown key "maxFrameByte". Did you mean "maxFrameBytes"?

routers: [{protocol: h2, servers: [{tls: {certPath: a, keyPath: b}, timeoutMs: 5, serverSession: {idleTimeMs: 5}}]}]
> 1:37: routers[0].servers[0].tls: tls is Linkerd's, and Weft does not support it yet; see docs/compatibility.md

routers: [{protocol: h2, servers: [{addForwardedHeader: {by: {kind: ip}}, announce: [/#/io.l5d.serversets/a]}]}]
> 1:75: routers[0].servers[0].announce: announce is Linkerd's, and Weft does not support it yet; see docs/compatibility.md

routers: [{protocol: http, servers: [{maxFrameBytes: 16384}]}]
> 1:39: routers[0].servers[0].maxFrameBytes: unknown key "maxFrameBytes". Known keys here: port, ip, label, maxConcurrentRequests, maxCallDepth, clearContext, addForwardedHeader, timeoutMs, socketOptions, serverSession, timestampHeader.

routers: [{protocol: http, servers: [{maxConcurrentStreamsPerConnection: 5}]}]
> 1:39: routers[0].servers[0].maxConcurrentStreamsPerConnection: unknown key "maxConcurrentStreamsPerConnection". Known keys here: port, ip, label, maxConcurrentRequests, maxCallDepth, clearContext, addForwardedHeader, timeoutMs, socketOptions, serverSession, timestampHeader.

## clients

routers: [{protocol: h2, servers: [{}], client: {protocol: grpc}}]
> 1:60: routers[0].client.protocol: "grpc" is not a protocol of clients. Write http or h2.

routers: [{protocol: h2, servers: [{}], client: {protocol: {kind: h2}}}]
> 1:60: routers[0].client.protocol: expected a protocol of clients, found a map. Write one value.

routers: [{protocol: http, servers: [{}], client: {initialStreamWindowBytes: 65535, maxFrameBytes: 16384}}]
> 1:52: routers[0].client.initialStreamWindowBytes: initialStreamWindowBytes is for clients that speak h2, and this one speaks http. Write "protocol: h2" beside it if the endpoints speak HTTP/2; otherwise leave the key out.
> 1:85: routers[0].client.maxFrameBytes: maxFrameBytes is for clients that speak h2, and this one speaks http. Write "protocol: h2" beside it if the endpoints speak HTTP/2; otherwise leave the key out.

routers: [{protocol: h2, servers: [{}], client: {protocol: http, headerTableBytes: 0, maxHeaderListBytes: 8192, windowUpdateRatio: 0.5}}]
> 1:66: routers[0].client.headerTableBytes: headerTableBytes is for clients that speak h2, and this one speaks http. Write "protocol: h2" beside it if the endpoints speak HTTP/2; otherwise leave the key out.
> 1:87: routers[0].client.maxHeaderListBytes: maxHeaderListBytes is for clients that speak h2, and this one speaks http. Write "protocol: h2" beside it if the endpoints speak HTTP/2; otherwise leave the key out.
> 1:113: routers[0].client.windowUpdateRatio: windowUpdateRatio is for clients that speak h2, and this one speaks http. Write "protocol: h2" beside it if the endpoints speak HTTP/2; otherwise leave the key out.

routers: [{protocol: http, servers: [{}], client: {protocol: h2, windowUpdateRatio: 2}}]
> 1:85: routers[0].client.windowUpdateRatio: 2 is not between 0 and 1. Write a number between 0 and 1, such as 0.5.

routers: [{protocol: h2, servers: [{}], client: {maxConcurrentStreamsPerConnection: 5}}]
> 1:50: routers[0].client.maxConcurrentStreamsPerConnection: unknown key "maxConcurrentStreamsPerConnection". Known keys here: kind, loadBalancer, hostConnectionPool, failFast, failureAccrual, socketOptions, clientSession, forwardClientCert, requestAttemptTimeoutMs, requeueBudget, protocol, initialStreamWindowBytes, headerTableBytes, maxFrameBytes, maxHeaderListBytes, windowUpdateRatio, experimental.

routers: [{protocol: h2, servers: [{}], client: {kind: io.l5d.static, configs: [{prefix: /, maxFrameBytes: 1}]}}]
> 1:108: routers[0].client.configs[0].maxFrameBytes: 1 is too small. Write a whole number from 16384 to 1048576.

routers: [{protocol: h2, servers: [{}], client: {failFast: true, tls: {commonName: a}, forwardClientCert: true}}]
> 1:66: routers[0].client.tls: tls is Linkerd's, and Weft does not support it yet; see docs/compatibility.md

## services

routers: [{protocol: h2, servers: [{}], service: {totalTimeoutMs: 0, classificationTimeoutMs: 5, retryBufferSize: {requestByte: 1}}}]
> 1:67: routers[0].service.totalTimeoutMs: 0 is too small. Write a whole number from 1 to 2147483647.
> 1:116: routers[0].service.retryBufferSize.requestByte: unknown key "requestByte". Did you mean "requestBytes"?

routers: [{protocol: h2, servers: [{}], service: {retries: {budget: {ttlSecs: 0}}}}]
> 1:79: routers[0].service.retries.budget.ttlSecs: 0 is too small. Write a whole number from 1 to 60.

routers: [{protocol: h2, servers: [{}], service: {classificationTimeoutMs: -1, retryBufferSize: {responseBytes: 16 KB}}}]
> 1:76: routers[0].service.classificationTimeoutMs: -1 is too small. Write a whole number from 0 to 2147483647.
> 1:113: routers[0].service.retryBufferSize.responseBytes: "16 KB" is not a whole number. Write a whole number from 0 to 2147483647.

routers: [{protocol: h2, servers: [{}], service: {retryBufferSize: 16383}}]
> 1:68: routers[0].service.retryBufferSize: expected a map of keys, found 16383. Write "key: value" pairs.

routers: [{protocol: http, servers: [{}], service: {classificationTimeoutMs: 5}}]
> 1:53: routers[0].service.classificationTimeoutMs: unknown key "classificationTimeoutMs". Known keys here: kind, responseClassifier, totalTimeoutMs, retries, experimental.

routers: [{protocol: h2, servers: [{}], service: {responseClassifier: {kind: io.l5d.http.nonRetryable5XX}}}]
> 1:78: routers[0].service.responseClassifier.kind: io.l5d.http.nonRetryable5XX is for http routers, not h2 ones. Write io.l5d.h2.nonRetryable5XX.

routers: [{protocol: h2, servers: [{}], service: {responseClassifier: {kind: io.l5d.http.allSuccessful}}}]
> 1:78: routers[0].service.responseClassifier.kind: io.l5d.http.allSuccessful is for http routers, not h2 ones. Write io.l5d.h2.allSuccessful.

routers: [{protocol: h2, servers: [{}], service: {responseClassifier: {kind: io.l5d.h2.grpc.neverRetryable, successStatusCodes: [0, 17]}}}]
> 1:133: routers[0].service.responseClassifier.successStatusCodes[1]: 17 is too large. Write a whole number from 0 to 16.

routers: [{protocol: h2, servers: [{}], service: {responseClassifier: {kind: io.l5d.h2.grpc.neverRetryable, successStatusCodes: 0}}}]
> 1:129: routers[0].service.responseClassifier.successStatusCodes: expected a list, found 0. Begin each item with "- ".

routers: [{protocol: h2, servers: [{}], service: {responseClassifier: {kind: io.l5d.h2.grpc.alwaysRetryable, statusCodes: [0]}}}]
> 1:110: routers[0].service.responseClassifier.statusCodes: unknown key "statusCodes". Known keys here: kind, successStatusCodes, experimental.

routers: [{protocol: h2, servers: [{}], service: {responseClassifier: {kind: io.l5d.h2.grpc.retryableStatusCodes}}}]
> 1:71: routers[0].service.responseClassifier.retryableStatusCodes: missing required key "retryableStatusCodes". Add "retryableStatusCodes: …".

routers: [{protocol: h2, servers: [{}], service: {responseClassifier: {kind: io.l5d.h2.grpc.retryableStatusCodes, retryableStatusCodes: [-1, 17]}}}]
> 1:138: routers[0].service.responseClassifier.retryableStatusCodes[0]: -1 is too small. Write a whole number from 0 to 16.
> 1:142: routers[0].service.responseClassifier.retryableStatusCodes[1]: 17 is too large. Write a whole number from 0 to 16.

routers: [{protocol: h2, servers: [{}], service: {responseClassifier: {kind: grpc}}}]
> 1:78: routers[0].service.responseClassifier.kind: unknown responseClassifier kind "grpc". Supported: io.l5d.h2.nonRetryable5XX, io.l5d.h2.retryableRead5XX, io.l5d.h2.retryableIdempotent5XX, io.l5d.h2.retryableAll5XX, io.l5d.h2.allSuccessful, io.l5d.h2.grpc.default, io.l5d.h2.grpc.compliant, io.l5d.h2.grpc.alwaysRetryable, io.l5d.h2.grpc.neverRetryable, io.l5d.h2.grpc.retryableStatusCodes.
`;
