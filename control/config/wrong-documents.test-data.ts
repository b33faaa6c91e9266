/**
 * Documents, admin, usage, namers and telemetry that are refused, and the words they are refused with: each text is
 * followed by its messages (`> line:column: …`, without the quoted source line). The reference of what a person sees.
 */
export const WRONG_DOCUMENTS = String.raw`
## the document

# nothing but a comment
> 1:1: the configuration is empty. Write at least "routers:" with one router.

routers
> 1:1: expected a map of keys, found "routers". Write "key: value" pairs.

[]
> 1:1: expected a map of keys, found a list. Write "key: value" pairs.

routers: [
> 1:11: not YAML: Flow sequence in block collection must be sufficiently indented and end with a ]. Check brackets, quotes and indentation here.

routers:
	- protocol: http
> 2:1: not YAML: Tabs are not allowed as indentation. Indent with spaces.

{"routers": [}
> 1:14: not JSON: Flow sequence in block collection must be sufficiently indented and end with a ]. Check brackets, quotes and indentation here.
> 1:14: not JSON: Flow map must end with a }. Check brackets, quotes and indentation here.

{"routers": []
> 1:15: not JSON: Flow map must end with a }. Check brackets, quotes and indentation here.

{"routers": [], "routers": []}
> 1:13: routers: At least one router must be specified in the configuration. Add one, such as "- protocol: http".
> 1:17: routers: duplicate key "routers", first on line 1. Keep one of the two.

routers: [{protocol: http, servers: [{}]}]
---
routers: [{protocol: http, servers: [{}]}]
> 2:1: a second document begins here. Write one document a file.

routers: [{protocol: http, servers: [{}]}]
admin: !secret {}
> 2:8: not YAML: Unresolved tag: !secret. Leave the tag out.

routers: [{protocol: http, servers: [{}]}]
bogus: 1
> 2:1: bogus: unknown key "bogus". Known keys here: admin, namers, routers, telemetry, usage.

routers: [{protocol: http, servers: [{}]}]
Admin: {}
> 2:1: Admin: unknown key "Admin". Did you mean "admin"?

routers: [{protocol: http, servers: [{}]}]
namer: []
> 2:1: namer: unknown key "namer". Did you mean "namers"?

routers: [{protocol: http, servers: [{}]}]
tracers: []
> 2:1: tracers: tracers was removed in Linkerd 1.0.0. Write a tracer as an item of "telemetry".

routers: [{protocol: http, servers: [{}]}]
routers: []
> 2:1: routers: duplicate key "routers", first on line 1. Keep one of the two.

{"routers":[{"protocol":"http","servers":[{"port":1}],"servers":[]}]}
> 1:55: routers[0].servers: duplicate key "servers", first on line 1. Keep one of the two.

routers: [{protocol: http, servers: [{}]}]
admin: *nowhere
> 2:8: admin: the alias *nowhere stands for nothing. Write "&nowhere" before a value above it.

routers: [{protocol: http, servers: [{}]}]
admin: &loop {port: *loop}
> 2:21: admin.port: the alias *loop stands for nothing. Write "&loop" before a value above it.

routers: [{protocol: http, servers: [{}]}]
<<: 3
> 2:5: the merge key << brings neither a map nor a list of maps. Write "<<: *anchor".

routers: [{protocol: http, servers: [{}]}]
? {a: 1}
: 2
> 2:3: a key is a map or a list. Keys are plain words.

routers: [{protocol: http, servers: [{}]}]
__proto__: {}
> 2:1: __proto__: unknown key "__proto__". Known keys here: admin, namers, routers, telemetry, usage.

## admin and usage

routers: [{protocol: http, servers: [{}]}]
admin: 9990
> 2:8: admin: expected a map of keys, found 9990. Write "key: value" pairs.

routers: [{protocol: http, servers: [{}]}]
admin: {port: -1}
> 2:15: admin.port: -1 outside valid range for ports. Write a whole number from 0 to 65535.

routers: [{protocol: http, servers: [{}]}]
admin: {port: 9990.5}
> 2:15: admin.port: 9990.5 is not a whole number. Write a whole number from 0 to 65535.

routers: [{protocol: http, servers: [{}]}]
admin: {port: }
usage: [x]
> 3:8: usage: expected a map of keys, found a list. Write "key: value" pairs.

routers: [{protocol: http, servers: [{}]}]
admin: {ip: 1.2.3}
> 2:13: admin.ip: '1.2.3' is not an IP string literal. Write an address such as 127.0.0.1, 0.0.0.0 or ::1; host names are not looked up.

routers: [{protocol: http, servers: [{}]}]
admin: {ip: "[::1]"}
> 2:13: admin.ip: '[::1]' is not an IP string literal. Write an address such as 127.0.0.1, 0.0.0.0 or ::1; host names are not looked up.

routers: [{protocol: http, servers: [{}]}]
admin: {ip: 10.0.0.256}
> 2:13: admin.ip: '10.0.0.256' is not an IP string literal. Write an address such as 127.0.0.1, 0.0.0.0 or ::1; host names are not looked up.

routers: [{protocol: http, servers: [{}]}]
admin: {shutdownGraceMs: 10s}
> 2:26: admin.shutdownGraceMs: "10s" is not a whole number. Write a whole number from 0 to 2147483647.

routers: [{protocol: http, servers: [{}]}]
admin: {shutdownGraceMs: 99999999999}
> 2:26: admin.shutdownGraceMs: 99999999999 is too large. Write a whole number from 0 to 2147483647.

routers: [{protocol: http, servers: [{}]}]
admin: {tls: {certPath: a, keyPth: b}}
> 2:9: admin.tls: tls is Linkerd's, and Weft does not support it yet; see docs/compatibility.md
> 2:14: admin.tls.keyPath: missing required key "keyPath". Did you mean "keyPath" where "keyPth" stands?
> 2:28: admin.tls.keyPth: unknown key "keyPth". Did you mean "keyPath"?

routers: [{protocol: http, servers: [{}]}]
admin: {httpIdentifierPort: 9991}
> 2:9: admin.httpIdentifierPort: httpIdentifierPort is Linkerd's, and Weft does not support it yet; see docs/compatibility.md

routers: [{protocol: http, servers: [{}]}]
admin: {security: {uiEnabled: yes}}
> 2:31: admin.security.uiEnabled: "yes" is not a boolean. Write true or false.

routers: [{protocol: http, servers: [{}]}]
admin: {security: {uiEnable: true}}
> 2:20: admin.security.uiEnable: unknown key "uiEnable". Did you mean "uiEnabled"?

routers: [{protocol: http, servers: [{}]}]
admin: {security: {pathWhitelist: ["/admin/("]}}
> 2:36: admin.security.pathWhitelist[0]: "/admin/(" is not a regular expression. Escape special characters with a backslash.

routers: [{protocol: http, servers: [{}]}]
admin: {security: {pathBlacklist: /admin}}
> 2:35: admin.security.pathBlacklist: expected a list, found "/admin". Begin each item with "- ".

routers: [{protocol: http, servers: [{}]}]
usage: {orgID: a}
> 2:9: usage.orgID: unknown key "orgID". Did you mean "orgId"?

routers: [{protocol: http, servers: [{}]}]
usage: {enabled: {}}
> 2:18: usage.enabled: expected true or false, found a map. Write one value.

## namers and telemetry

routers: [{protocol: http, servers: [{}]}]
namers: [io.l5d.fs]
> 2:10: namers[0]: expected a map with the key "kind", found "io.l5d.fs". Write {kind: io.l5d.fs, …}.

routers: [{protocol: http, servers: [{}]}]
namers: [{}]
> 2:10: namers[0]: missing required key "kind". Supported: io.l5d.fs, io.l5d.rewrite.

routers: [{protocol: http, servers: [{}]}]
namers: [{kind: io.l5d.fs}]
> 2:10: namers[0].rootDir: missing required key "rootDir". Add "rootDir: …".

routers: [{protocol: http, servers: [{}]}]
namers: [{kind: io.l5d.fs, rootdir: /tmp}]
> 2:10: namers[0].rootDir: missing required key "rootDir". Did you mean "rootDir" where "rootdir" stands?
> 2:28: namers[0].rootdir: unknown key "rootdir". Did you mean "rootDir"?

routers: [{protocol: http, servers: [{}]}]
namers: [{kind: io.l5d.fs, rootDir: /nope}]
> 2:37: namers[0].rootDir: /nope is not a directory. Create it, or correct the path; a relative one starts at the working directory.

routers: [{protocol: http, servers: [{}]}]
namers: [{kind: io.l5d.fs, rootDir: .., prefix: fs}]
> 2:49: namers[0].prefix: '/' expected but 'f' found at '[f]s'. Write a path such as /svc or /a/b.

routers: [{protocol: http, servers: [{}]}]
namers: [{kind: io.l5d.sf, rootDir: ..}]
> 2:17: namers[0].kind: unknown namer kind "io.l5d.sf". Did you mean "io.l5d.fs"? Supported: io.l5d.fs, io.l5d.rewrite.

routers: [{protocol: http, servers: [{}]}]
namers: [{kind: fs, rootDir: ..}]
> 2:17: namers[0].kind: unknown namer kind "fs". Did you mean "io.l5d.fs"? Supported: io.l5d.fs, io.l5d.rewrite.

routers: [{protocol: http, servers: [{}]}]
namers: [{kind: [io.l5d.fs]}]
> 2:17: namers[0].kind: expected the name of a namer kind, found a list. Supported: io.l5d.fs, io.l5d.rewrite.

routers: [{protocol: http, servers: [{}]}]
namers: [{kind: io.l5d.consul, hots: localhost}]
> 2:17: namers[0].kind: io.l5d.consul is Linkerd's, and Weft does not support it yet; see docs/compatibility.md
> 2:32: namers[0].hots: unknown key "hots". Did you mean "host"?

routers: [{protocol: http, servers: [{}]}]
namers: [{kind: io.l5d.dnssrv, domain: a.b, experimental: true}]
> 2:17: namers[0].kind: io.l5d.dnssrv is Linkerd's, and Weft does not support it yet; see docs/compatibility.md
> 2:32: namers[0].domain: domain was removed in Linkerd 1.4. Write the domain in the name that is looked up: /#/io.l5d.dnssrv/<address>.

routers: [{protocol: http, servers: [{}]}]
namers: [{kind: io.l5d.fs, rootDir: .., transformers: [{kind: io.l5d.k8s.localnode, hostNetwork: true}]}]
> 2:63: namers[0].transformers[0].kind: io.l5d.k8s.localnode is Linkerd's, and Weft does not support it yet; see docs/compatibility.md

routers: [{protocol: http, servers: [{}]}]
namers: [{kind: io.l5d.fs, rootDir: .., transformers: [{kind: io.l5d.specificHost, host: localhost}, {kind: io.l5d.port}]}]
> 2:90: namers[0].transformers[0].host: 'localhost' is not an IP string literal. Did you mean "127.0.0.1"?
> 2:102: namers[0].transformers[1].port: missing required key "port". Add "port: …".

routers: [{protocol: http, servers: [{}], interpreter: {kind: default, transformers: [{kind: io.l5d.replace, path: a}, {kind: io.l5d.konst}]}}]
> 1:116: routers[0].interpreter.transformers[0].path: '/' expected but 'a' found at '[a]'. Write a path such as /svc or /a/b.
> 1:127: routers[0].interpreter.transformers[1].kind: unknown transformer kind "io.l5d.konst". Did you mean "io.l5d.const"? Supported: io.l5d.localhost, io.l5d.specificHost, io.l5d.port, io.l5d.replace, io.l5d.const.

routers: [{protocol: http, servers: [{}]}]
namers: [{kind: io.l5d.rewrite, pattern: "/{a}", name: "/b/{a}"}]
> 2:10: namers[0].prefix: The 'prefix' property is required for the io.l5d.rewrite namer. Add "prefix: …".

routers: [{protocol: http, servers: [{}]}]
namers: [{kind: io.l5d.rewrite, prefix: /rw, pattern: "/{a}", name: "/b/{c}"}]
> 2:69: namers[0].name: label char expected but '{' found at '/b/[{]c}'. Write a path; variables that "pattern" captures: {a}.

routers: [{protocol: http, servers: [{}]}]
namers: [{kind: io.l5d.fs, rootDir: .., experimental: maybe}]
> 2:55: namers[0].experimental: "maybe" is not a boolean. Write true or false.

routers: [{protocol: http, servers: [{}]}]
namers: [{kind: io.l5d.zookeeper}]
> 2:17: namers[0].kind: unknown namer kind "io.l5d.zookeeper". Supported: io.l5d.fs, io.l5d.rewrite.

routers: [{protocol: http, servers: [{}]}]
telemetry: [{kind: io.l5d.prometeus}]
> 2:20: telemetry[0].kind: unknown telemeter kind "io.l5d.prometeus". Did you mean "io.l5d.prometheus"? Supported: io.l5d.prometheus.

routers: [{protocol: http, servers: [{}]}]
telemetry: [{kind: io.l5d.prometheus, path: metrics}]
> 2:45: telemetry[0].path: "metrics" is not a URL path. Begin it with "/", and leave out spaces, "?" and "#".

routers: [{protocol: http, servers: [{}]}]
telemetry: [{kind: io.l5d.statsd, experimental: true}]
> 2:20: telemetry[0].kind: io.l5d.statsd is Linkerd's, and Weft does not support it yet; see docs/compatibility.md

routers: [{protocol: http, servers: [{}]}]
telemetry: {kind: io.l5d.prometheus}
> 2:12: telemetry: expected a list, found a map. Begin each item with "- ".
`;
