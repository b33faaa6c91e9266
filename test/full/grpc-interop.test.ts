/**
 * gRPC's own interoperability cases (interop-test-descriptions.md of the gRPC project), grpc-go's client through Weft to
 * grpc-go's server: all that need neither TLS nor credentials of a cloud.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { assertNoFault } from '../support/http1-site.ts';
import { freePort, IP, type Weft } from '../support/weft.ts';
import { goTool } from './support/go-tools.ts';
import { startHttp2Weft } from './support/http2-weft.ts';
import { type Running, serve, succeed } from './support/programs.ts';

/** Hands what a server reports of its load to the case that asks for it. */
const REPORTS = '--service_config_json={"loadBalancingConfig":[{"test_backend_metrics_load_balancer":{}}]}';

/** Cases, and what is given to some of them beyond their name. */
const CASES: Readonly<Record<string, readonly string[]>> = {
  empty_unary: [],
  large_unary: [],
  client_streaming: [],
  server_streaming: [],
  ping_pong: [],
  empty_stream: [],
  timeout_on_sleeping_server: [],
  cancel_after_begin: [],
  cancel_after_first_response: [],
  status_code_and_message: [],
  special_status_message: [],
  custom_metadata: [],
  unimplemented_method: [],
  unimplemented_service: [],
  // Messages of 300 KB both ways, on one connection from several threads, and on a connection each.
  rpc_soak: ['--soak_iterations=200', '--soak_num_threads=4'],
  channel_soak: ['--soak_iterations=50'],
  // Load reports of the server: in binary trailers, and as a stream beside the calls.
  orca_per_rpc: [REPORTS],
  orca_oob: [REPORTS],
};

let server: Running;
let weft: Weft;
before(async () => {
  const port = await freePort();
  server = await serve(goTool('interop-server'), [`--port=${port}`], port);
  weft = await startHttp2Weft([`${IP} ${port}`]);
});
after(async () => {
  await weft?.stop();
  await server?.stop();
});

for (const [name, flags] of Object.entries(CASES)) {
  test(`interop: ${name}`, async () => {
    const target = [`--server_host=${IP}`, `--server_port=${weft.port}`];
    await succeed(goTool('interop-client'), [...target, `--test_case=${name}`, ...flags]);
    assertNoFault(weft);
  });
}

test('interop: a case that does not exist fails, so that passing means something', async () => {
  await assert.rejects(succeed(goTool('interop-client'), ['--test_case=no_such_case']), /Unsupported test case/);
});
