/** Weft as the measurements run it: bin/weft of this checkout, or of another that WEFT_BENCH_ROOT names. */
import { join } from 'node:path';
import { ROOT } from '../../test/house/root.ts';
import { freePort, IP, type Processes } from './processes.ts';

const { WEFT_BENCH_ROOT } = process.env;

/** What a router speaks, on both sides. */
export type Protocol = 'http' | 'h2';

/** What a measurement varies. */
export interface WeftSettings {
  readonly cores: string;
  readonly workers?: number;
  /** HTTP/1 unless told otherwise. */
  readonly protocol?: Protocol;
  /** Endpoints by name, each `ip port`. */
  readonly disco: Readonly<Record<string, readonly string[]>>;
  /** `p2c` or `ewma`. */
  readonly balancer?: string;
  /** Dentries in front of the one that serves. */
  readonly dtab?: readonly string[];
  /** YAML of further router keys, each line indented by two spaces. */
  readonly router?: string;
  /** YAML of further keys of the router's client, each line indented by four spaces. */
  readonly client?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Flags for Node. */
  readonly nodeFlags?: readonly string[];
  readonly onOutput?: (text: string) => void;
}

/** A running Weft. */
export interface RunningWeft {
  readonly pid: number;
  readonly port: number;
  readonly adminPort: number;
}

/** Starts a Weft and waits until it serves. */
export async function startWeft(processes: Processes, settings: WeftSettings): Promise<RunningWeft> {
  const port = await freePort();
  const adminPort = await freePort();
  const directory = `weft-${port}`;
  for (const [name, lines] of Object.entries(settings.disco)) {
    // wrk is told what Host to send; h2load sends the port with the name.
    for (const host of [name, `${name}:${port}`]) {
      processes.write(join(directory, 'disco', host), `${lines.join('\n')}\n`);
    }
  }
  const dtab = [...(settings.dtab ?? []), '/svc => /#/io.l5d.fs'].map((dentry) => `    ${dentry};`).join('\n');
  const config = processes.write(
    join(directory, 'linkerd.yaml'),
    `admin: {ip: ${IP}, port: ${adminPort}}
namers: [{kind: io.l5d.fs, rootDir: ${join(processes.directory, directory, 'disco')}}]
routers:
- protocol: ${settings.protocol ?? 'http'}
  label: bench
  dtab: |
${dtab}
${settings.router ?? ''}
  client:
    loadBalancer: {kind: ${settings.balancer ?? 'ewma'}}
${settings.client ?? ''}
  servers: [{ip: ${IP}, port: ${port}}]
`,
  );
  const program = join(WEFT_BENCH_ROOT ?? ROOT, 'bin/weft');
  const node = [process.execPath, ...(settings.nodeFlags ?? []), program, config];
  // A pipe's output is otherwise held back until there are 4 KiB of it.
  const command = settings.onOutput === undefined ? node : ['stdbuf', '-oL', ...node];
  const pid = processes.start(settings.cores, command[0] as string, command.slice(1), {
    env: { WEFT_WORKERS: String(settings.workers ?? 1), ...settings.env },
    ...(settings.onOutput === undefined ? {} : { onOutput: settings.onOutput }),
  });
  await processes.waitForPort(port);
  return { pid, port, adminPort };
}
