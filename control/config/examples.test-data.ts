/**
 * The configurations of the other published examples (spec 07 section 9.0), the one of spec 02 section 15, and fragments that are
 * configurations elsewhere in the specification, as examples-kubernetes.test-data.ts has them.
 */
export const EXAMPLES = String.raw`
# spec 02 section 15
admin: {ip: 0.0.0.0, port: 9990, shutdownGraceMs: 5000, security: {controlEnabled: false}}
namers:
- kind: io.l5d.fs
  rootDir: disco
- kind: io.l5d.rewrite
  prefix: /portless
  pattern: "/{svc}/{ns}"
  name: "/k8s/{ns}/http/{svc}"
routers:
- protocol: http
  label: out
  identifier: [{kind: io.l5d.header, header: l5d-name}, {kind: io.l5d.header.token}]
  dtab: |
    /k8s => /#/io.l5d.fs ;
    /svc => /k8s ;
  bindingTimeoutMs: 5000
  bindingCache: {paths: 100, idleTtlSecs: 60}
  servers: [{port: 4140, ip: 0.0.0.0, maxConcurrentRequests: 1000, addForwardedHeader: {by: {kind: "ip:port"}, for: {kind: ip}}}]
  client:
    kind: io.l5d.static
    configs:
    - prefix: /
      loadBalancer: {kind: ewma, decayTimeMs: 5000}
      failureAccrual: {kind: io.l5d.successRateWindowed, successRate: 0.9, window: 20, backoff: {kind: jittered, minMs: 1000, maxMs: 30000}}
    - prefix: /#/io.l5d.fs/{svc}
      tls: {commonName: "{svc}.example.com", trustCertsBundle: /certs/ca.pem}
      requestAttemptTimeoutMs: 200
  service:
    kind: io.l5d.static
    configs:
    - {prefix: /svc, totalTimeoutMs: 2000, retries: {budget: {minRetriesPerSec: 5, percentCanRetry: 0.1, ttlSecs: 15}, backoff: {kind: jittered, minMs: 10, maxMs: 500}}}
    - {prefix: /svc/users, responseClassifier: {kind: io.l5d.http.retryableRead5XX}}
telemetry: [{kind: io.l5d.prometheus}, {kind: io.l5d.recentRequests, sampleRate: 0.25}]
usage: {enabled: false}
> routers[0].client.configs[1].tls
> telemetry[1].kind

# spec 02 section 16, vector 1
{"routers":[{"protocol":"http","servers":[{"port":1}]}]}

# getting-started/local and getting-started/docker
namers: [{kind: io.l5d.fs, rootDir: disco}]
routers: [{protocol: http, dtab: /svc => /#/io.l5d.fs, servers: [{port: 4140, ip: 0.0.0.0}]}]

# consul
namers: [{kind: io.l5d.consul, host: consul, includeTag: false, useHealthCheck: false}]
routers:
- protocol: http
  label: /http-consul
  identifier: {kind: io.l5d.path, segments: 1, consume: true}
  dtab: /svc => /#/io.l5d.consul/dc1
  service: {responseClassifier: {kind: io.l5d.http.retryableIdempotent5XX}}
  client: {requeueBudget: {percentCanRetry: 5.0}}
  servers: [{port: 4140, ip: 0.0.0.0}]
> namers[0].kind

# failure-accrual
namers: [{kind: io.l5d.fs, rootDir: disco}]
routers:
- protocol: http
  label: all
  dtab: /svc => /$/inet/127.1/4141 & /$/inet/127.1/4142 & /$/inet/127.1/4143
  client: {failureAccrual: {kind: none}}
  service: &service {responseClassifier: {kind: io.l5d.http.nonRetryable5XX}}
  servers: [{port: 4140, ip: 0.0.0.0}]
- protocol: http
  label: none
  dtab: /svc => /#/io.l5d.fs
  client: {failureAccrual: {kind: none}}
  service: *service
  servers: [{port: 4141, ip: 0.0.0.0}]
- protocol: http
  label: io.l5d.consecutiveFailures
  dtab: /svc => /#/io.l5d.fs
  client: {failureAccrual: {kind: io.l5d.consecutiveFailures, failures: 5, backoff: {kind: constant, ms: 10000}}}
  service: *service
  servers: [{port: 4142, ip: 0.0.0.0}]
- protocol: http
  label: io.l5d.successRate
  dtab: /svc => /#/io.l5d.fs
  client: {failureAccrual: {kind: io.l5d.successRate, successRate: 0.9, requests: 20, backoff: {kind: constant, ms: 10000}}}
  service: *service
  servers: [{port: 4143, ip: 0.0.0.0}]

# influxdb
namers: [{kind: io.l5d.fs, rootDir: disco}]
telemetry: [{kind: io.l5d.influxdb}]
routers:
- protocol: http
  dtab: |
    /svc => 9 * /#/io.l5d.fs/a & 1 * /#/io.l5d.fs/b ;
    /svc/c => 0.25 * /#/io.l5d.fs/a & 0.75 * /#/io.l5d.fs/b ;
  servers: [{port: 4140, ip: 0.0.0.0}]
> telemetry[0].kind

# add-steps
namers: [{kind: io.l5d.fs, rootDir: disco}]
telemetry: [{kind: io.l5d.prometheus}, {kind: io.l5d.recentRequests, sampleRate: 1.0}]
routers:
- protocol: http
  dtab: /svc => /#/io.l5d.fs/app
  service: {responseClassifier: {kind: io.l5d.http.retryableRead5XX}}
  client:
    loadBalancer: {kind: ewma}
    failureAccrual: {kind: io.l5d.successRate, successRate: 0.9, requests: 20, backoff: {kind: constant, ms: 10000}}
  servers: [{port: 4140, ip: 0.0.0.0}]
> telemetry[1].kind

# gob
routers:
- protocol: http
  servers: [{port: 4141, ip: 0.0.0.0}]
  interpreter: {kind: io.l5d.namerd, dst: /$/inet/namerd/4100}
- protocol: h2
  dstPrefix: /grpc
  identifier: {kind: io.l5d.header.path}
  servers: [{port: 4142, ip: 0.0.0.0}]
  interpreter: {kind: io.l5d.namerd, dst: /$/inet/namerd/4100}
> routers[0].interpreter.kind
> routers[1].interpreter.kind

# mesos-marathon, as JSON
{
  "namers": [{"kind": "io.l5d.marathon", "host": "localhost", "port": 8080}],
  "routers": [{
    "protocol": "http",
    "dtab": "/marathonId => /#/io.l5d.marathon ; /svc => /$/io.buoyant.http.domainToPathPfx/marathonId ;",
    "servers": [{"port": 4140, "ip": "0.0.0.0"}]
  }]
}
> namers[0].kind

# dcos/simple-proxy and dcos/ingress
namers: [{kind: io.l5d.marathon, host: marathon.mesos, port: 8080, uriPrefix: /marathon}]
routers:
- protocol: http
  label: proxy
  dtab: /svc => /#/io.l5d.marathon
  servers: [{port: 4140, ip: 0.0.0.0}]
- protocol: http
  label: ingress
  dtab: /svc/* => /#/io.l5d.marathon/webapp
  servers: [{port: 4242, ip: 0.0.0.0}]
> namers[0].kind

# dcos/linker-to-linker
namers: [{kind: io.l5d.marathon}]
routers:
- protocol: http
  label: outgoing
  dtab: /svc => /#/io.l5d.marathon
  interpreter: {kind: default, transformers: [{kind: io.l5d.port, port: 4141}]}
  servers: [{port: 4140, ip: 0.0.0.0}]
- protocol: http
  label: incoming
  dtab: /svc => /#/io.l5d.marathon
  interpreter: {kind: default, transformers: [{kind: io.l5d.localhost}]}
  servers: [{port: 4141, ip: 0.0.0.0}]
> namers[0].kind

# ecs
namers: [{kind: io.l5d.consul, host: 127.0.0.1, port: 8500, useHealthCheck: true}]
routers:
- protocol: http
  label: outgoing
  dtab: /svc => /#/io.l5d.consul/dc1
  interpreter: {kind: default, transformers: [{kind: io.l5d.port, port: 4141}]}
  servers: [{port: 4140, ip: 0.0.0.0}]
- protocol: http
  label: incoming
  dtab: /svc => /#/io.l5d.consul/dc1
  interpreter: {kind: default, transformers: [{kind: io.l5d.specificHost, host: 10.0.0.1}]}
  servers: [{port: 4141, ip: 0.0.0.0}]
> namers[0].kind

# http-proxy
routers: [{protocol: http, dtab: /svc/webapp => /$/inet/127.1/8888, servers: [{port: 4140}]}]

# a thrift router, as Linkerd's own examples have one
routers:
- protocol: thrift
  label: thrift-out
  thriftMethodInDst: true
  thriftProtocol: compact
  dtab: /svc => /$/inet/127.1/9090
  servers: [{port: 4114, thriftFramed: true}]
- {protocol: mux, dtab: /svc => /$/inet/127.1/9091, servers: [{}]}
- {protocol: thriftmux, experimental: true, servers: [{}]}
> routers[0].protocol
> routers[1].protocol
> routers[2].protocol

# spec 07 section 6, which is namerd's own
admin: {ip: 0.0.0.0, port: 9991}
namers: [{kind: io.l5d.k8s, host: localhost, port: 8001}]
storage: {kind: io.l5d.k8s, host: localhost, port: 8001, namespace: default}
interfaces:
- {kind: io.l5d.thriftNameInterpreter, port: 4100, ip: 0.0.0.0}
- {kind: io.l5d.httpController, port: 4180, ip: 0.0.0.0}
- {kind: io.l5d.mesh, port: 4321, ip: 0.0.0.0}
> namers[0].kind
! routers: missing required key "routers"
! storage: storage belongs into a namerd.yaml, and Weft does not do namerd's work yet; see docs/compatibility.md
! interfaces: interfaces belongs into a namerd.yaml, and Weft does not do namerd's work yet; see docs/compatibility.md
`;
