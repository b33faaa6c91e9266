/**
 * The configurations of the published Kubernetes examples (spec 07 sections 2 to 9), reduced to what they say, and by its key path
 * what Weft refuses of each until it is built. A `# file` begins each, lines that begin with `> ` end it.
 */
export const KUBERNETES_EXAMPLES = String.raw`
# servicemesh.yml
admin: {ip: 0.0.0.0, port: 9990}
namers:
- {kind: io.l5d.k8s}
- kind: io.l5d.k8s
  prefix: /io.l5d.k8s.http
  transformers: [{kind: io.l5d.k8s.daemonset, namespace: linkerd, port: http-incoming, service: l5d}]
- kind: io.l5d.k8s
  prefix: /io.l5d.k8s.h2
  transformers: [{kind: io.l5d.k8s.daemonset, namespace: linkerd, port: h2-incoming, service: l5d}]
- kind: io.l5d.k8s
  prefix: /io.l5d.k8s.grpc
  transformers: [{kind: io.l5d.k8s.daemonset, namespace: linkerd, port: grpc-incoming, service: l5d}]
- {kind: io.l5d.rewrite, prefix: /portNsSvcToK8s, pattern: "/{port}/{ns}/{svc}", name: "/k8s/{ns}/{port}/{svc}"}
telemetry:
- {kind: io.l5d.prometheus}
- {kind: io.l5d.recentRequests, sampleRate: 0.25}
usage: {orgId: linkerd-examples-servicemesh}
routers:
- label: http-outgoing
  protocol: http
  servers: [{port: 4140, ip: 0.0.0.0}]
  dtab: |
    /ph  => /$/io.buoyant.rinet ;
    /svc => /ph/80 ;
    /svc => /$/io.buoyant.porthostPfx/ph ;
    /k8s => /#/io.l5d.k8s.http ;
    /portNsSvc => /#/portNsSvcToK8s ;
    /host => /portNsSvc/http/default ;
    /host => /portNsSvc/http ;
    /svc => /$/io.buoyant.http.domainToPathPfx/host ;
  client: &tls
    kind: io.l5d.static
    configs: [{prefix: "/$/io.buoyant.rinet/443/{service}", tls: {commonName: "{service}"}}]
- label: http-incoming
  protocol: http
  servers: [{port: 4141, ip: 0.0.0.0}]
  interpreter: &localnode {kind: default, transformers: [{kind: io.l5d.k8s.localnode}]}
  dtab: |
    /k8s => /#/io.l5d.k8s ;
    /portNsSvc => /#/portNsSvcToK8s ;
    /host => /portNsSvc/http/default ;
    /host => /portNsSvc/http ;
    /svc => /$/io.buoyant.http.domainToPathPfx/host ;
- label: h2-outgoing
  protocol: h2
  servers: [{port: 4240, ip: 0.0.0.0}]
  dtab: |
    /ph  => /$/io.buoyant.rinet ;
    /svc => /ph/80 ;
    /svc => /$/io.buoyant.porthostPfx/ph ;
    /k8s => /#/io.l5d.k8s.h2 ;
    /portNsSvc => /#/portNsSvcToK8s ;
    /host => /portNsSvc/h2/default ;
    /host => /portNsSvc/h2 ;
    /svc => /$/io.buoyant.http.domainToPathPfx/host ;
  client: *tls
- label: h2-incoming
  protocol: h2
  servers: [{port: 4241, ip: 0.0.0.0}]
  interpreter: *localnode
  dtab: |
    /k8s => /#/io.l5d.k8s ;
    /host => /portNsSvc/h2 ;
    /svc => /$/io.buoyant.http.domainToPathPfx/host ;
- label: grpc-outgoing
  protocol: h2
  servers: [{port: 4340, ip: 0.0.0.0}]
  identifier: {kind: io.l5d.header.path, segments: 1}
  dtab: |
    /hp  => /$/inet ;
    /svc => /$/io.buoyant.hostportPfx/hp ;
    /srv => /#/io.l5d.k8s.grpc/default/grpc ;
    /svc => /$/io.buoyant.http.domainToPathPfx/srv ;
  client:
    kind: io.l5d.static
    configs: [{prefix: "/$/inet/{service}", tls: {commonName: "{service}"}}]
- label: grpc-incoming
  protocol: h2
  servers: [{port: 4341, ip: 0.0.0.0}]
  identifier: {kind: io.l5d.header.path, segments: 1}
  interpreter: *localnode
  dtab: |
    /srv => /#/io.l5d.k8s/default/grpc ;
    /svc => /$/io.buoyant.http.domainToPathPfx/srv ;
- label: http-ingress
  protocol: http
  servers: [{port: 80, ip: 0.0.0.0, clearContext: true}]
  identifier: {kind: io.l5d.ingress}
  dtab: /svc => /#/io.l5d.k8s
- label: h2-ingress
  protocol: h2
  servers: [{port: 8080, ip: 0.0.0.0, clearContext: true}]
  identifier: {kind: io.l5d.ingress}
  dtab: /svc => /#/io.l5d.k8s
> namers[0].kind
> namers[1].kind
> namers[2].kind
> namers[3].kind
> telemetry[1].kind
> routers[0].client.configs[0].tls
> routers[1].interpreter.transformers[0].kind
> routers[2].client.configs[0].tls
> routers[3].interpreter.transformers[0].kind
> routers[4].client.configs[0].tls
> routers[5].interpreter.transformers[0].kind
> routers[6].identifier.kind
> routers[7].identifier.kind

# linkerd.yml
admin: {ip: 0.0.0.0, port: 9990}
namers: [{kind: io.l5d.k8s, host: localhost, port: 8001}]
telemetry: [{kind: io.l5d.prometheus}, {kind: io.l5d.recentRequests, sampleRate: 0.25}]
usage: {orgId: linkerd-examples-daemonset}
routers:
- protocol: http
  label: outgoing
  dtab: &dtab |
    /srv        => /#/io.l5d.k8s/default/http;
    /host       => /srv;
    /svc        => /host;
    /host/world => /srv/world-v1;
  interpreter:
    kind: default
    transformers: [{kind: io.l5d.k8s.daemonset, namespace: default, port: incoming, service: l5d}]
  servers: [{port: 4140, ip: 0.0.0.0}]
  service: {responseClassifier: {kind: io.l5d.http.retryableRead5XX}}
- protocol: http
  label: incoming
  dtab: *dtab
  interpreter: {kind: default, transformers: [{kind: io.l5d.k8s.localnode}]}
  servers: [{port: 4141, ip: 0.0.0.0}]
> namers[0].kind
> telemetry[1].kind
> routers[0].interpreter.transformers[0].kind
> routers[1].interpreter.transformers[0].kind

# linkerd-cni.yml
namers: [{kind: io.l5d.k8s}]
routers:
- protocol: http
  label: outgoing
  dtab: /svc => /#/io.l5d.k8s/default/http
  interpreter:
    kind: default
    transformers: [{kind: io.l5d.k8s.daemonset, namespace: default, port: incoming, service: l5d, hostNetwork: true}]
  servers: [{port: 4140, ip: 0.0.0.0}]
- protocol: http
  label: incoming
  dtab: /svc => /#/io.l5d.k8s/default/http
  interpreter: {kind: default, transformers: [{kind: io.l5d.k8s.localnode, hostNetwork: true}]}
  servers: [{port: 4141, ip: 0.0.0.0}]
> namers[0].kind
> routers[0].interpreter.transformers[0].kind
> routers[1].interpreter.transformers[0].kind

# linkerd-latency.yml
namers: [{kind: io.l5d.k8s}]
routers:
- protocol: http
  label: outgoing
  dtab: /svc => /#/io.l5d.k8s/default/http
  servers: [{port: 4140, ip: 0.0.0.0}]
  service:
    kind: io.l5d.static
    configs: [{prefix: /svc/hello, totalTimeoutMs: 600}, {prefix: /svc/world, totalTimeoutMs: 100}]
> namers[0].kind

# linkerd-tls.yml
namers: [{kind: io.l5d.k8s}]
routers:
- protocol: http
  label: outgoing
  dtab: /svc => /#/io.l5d.k8s/default/http
  servers: [{port: 4140, ip: 0.0.0.0}]
  client: {tls: {commonName: linkerd, trustCerts: [/io.buoyant/linkerd/certs/cacertificate.pem]}}
- protocol: http
  label: incoming
  dtab: /svc => /#/io.l5d.k8s/default/http
  servers:
  - port: 4141
    ip: 0.0.0.0
    tls: {certPath: /io.buoyant/linkerd/certs/certificate.pem, keyPath: /io.buoyant/linkerd/certs/key.pk8}
> namers[0].kind
> routers[0].client.tls
> routers[1].servers[0].tls

# linkerd-zipkin.yml
namers: [{kind: io.l5d.k8s}]
telemetry:
- {kind: io.l5d.prometheus}
- {kind: io.l5d.zipkin, host: zipkin-collector.default.svc.cluster.local, port: 9410, sampleRate: 1.0}
routers: [{protocol: http, dtab: /svc => /#/io.l5d.k8s/default/http, servers: [{port: 4140, ip: 0.0.0.0}]}]
> namers[0].kind
> telemetry[1].kind

# linkerd-namerd.yml
routers:
- protocol: http
  label: outgoing
  interpreter:
    kind: io.l5d.namerd
    dst: /$/inet/namerd.default.svc.cluster.local/4100
    namespace: internal
    transformers: [{kind: io.l5d.k8s.daemonset, namespace: default, port: incoming, service: l5d}]
  servers: [{port: 4140, ip: 0.0.0.0}]
  service: {responseClassifier: {kind: io.l5d.http.retryableRead5XX}}
- protocol: http
  label: incoming
  interpreter:
    kind: io.l5d.namerd
    dst: /$/inet/namerd.default.svc.cluster.local/4100
    namespace: internal
    transformers: [{kind: io.l5d.k8s.localnode}]
  servers: [{port: 4141, ip: 0.0.0.0}]
- protocol: http
  label: external
  interpreter: {kind: io.l5d.namerd, dst: /$/inet/namerd.default.svc.cluster.local/4100, namespace: external}
  servers: [{port: 4142, ip: 0.0.0.0}]
> routers[0].interpreter.kind
> routers[1].interpreter.kind
> routers[2].interpreter.kind

# linkerd-namerd-cni.yml
routers:
- protocol: http
  label: outgoing-mesh
  interpreter:
    kind: io.l5d.mesh
    dst: /$/inet/namerd.default.svc.cluster.local/4321
    root: /internal
    transformers: [{kind: io.l5d.k8s.daemonset, namespace: default, port: incoming-mesh, service: l5d, hostNetwork: true}]
  servers: [{port: 4144, ip: 0.0.0.0}]
- protocol: http
  label: in-mesh-tls
  interpreter: {kind: io.l5d.mesh, dst: /$/inet/namerd.default.svc.cluster.local/4321, root: /internal}
  servers: [{port: 4147, ip: 0.0.0.0, tls: {certPath: cert.pem, keyPath: key.pk8}}]
> routers[0].interpreter.kind
> routers[1].servers[0].tls
> routers[1].interpreter.kind

# linkerd-ingress-controller.yml
namers: [{kind: io.l5d.k8s}]
routers:
- protocol: http
  identifier: {kind: io.l5d.ingress}
  servers: [{port: 80, ip: 0.0.0.0, clearContext: true}]
  dtab: /svc => /#/io.l5d.k8s
> namers[0].kind
> routers[0].identifier.kind

# linkerd-tls-ingress-controller.yml
namers: [{kind: io.l5d.k8s}]
routers:
- protocol: http
  identifier: {kind: io.l5d.ingress, ingressClassAnnotation: linkerd, ignoreDefaultBackends: true}
  servers: [{port: 443, ip: 0.0.0.0, clearContext: true, tls: {certPath: tls.crt, keyPath: tls.pk8}}]
  dtab: /svc => /#/io.l5d.k8s
> namers[0].kind
> routers[0].identifier.kind
> routers[0].servers[0].tls

# linkerd-ingress.yml
namers: [{kind: io.l5d.k8s}]
routers:
- protocol: http
  label: ingress
  servers: [{port: 4142, ip: 0.0.0.0}]
  dtab: |
    /srv => /#/io.l5d.k8s/default/http ;
    /domain/world/hello/www => /srv/hello ;
    /domain/world/hello/api => /srv/api ;
    /host => /$/io.buoyant.http.domainToPathPfx/domain ;
    /svc => /host ;
> namers[0].kind

# linkerd-grpc.yml
namers: [{kind: io.l5d.k8s}]
routers:
- protocol: h2
  label: outgoing
  identifier: {kind: io.l5d.header.path, segments: 1}
  servers: [{port: 4140, ip: 0.0.0.0}]
  dtab: |
    /srv => /#/io.l5d.k8s/default/grpc ;
    /grpc => /srv ;
    /grpc/World => /srv/world-v1 ;
    /svc => /$/io.buoyant.http.domainToPathPfx/grpc ;
> namers[0].kind

# linkerd-egress.yaml
namers:
- kind: io.l5d.k8s
  prefix: /io.l5d.k8s.ds
  transformers: [{kind: io.l5d.k8s.daemonset, namespace: default, port: incoming, service: l5d}]
routers:
- protocol: http
  label: outgoing
  servers: [{port: 4140, ip: 0.0.0.0}]
  dtab: |
    /ph => /$/io.buoyant.rinet ;
    /srv => /ph/80 ;
    /srv => /$/io.buoyant.porthostPfx/ph ;
    /srv => /#/io.l5d.k8s.ds/default/http ;
    /svc => /srv ;
    /svc/world => /srv/world-v1 ;
  client:
    kind: io.l5d.static
    configs: [{prefix: "/$/io.buoyant.rinet/443/{service}", tls: {commonName: "{service}"}}]
> namers[0].kind
> routers[0].client.configs[0].tls

# getting-started/k8s
namers: [{kind: io.l5d.k8s, host: localhost, port: 8001}]
routers: [{protocol: http, dtab: /svc => /#/io.l5d.k8s/default/service, servers: [{port: 4140, ip: 0.0.0.0}]}]
> namers[0].kind
`;
