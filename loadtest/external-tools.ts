/** k6 and wrk2, used in addition where they are installed: a second and a third opinion on our own generator. */
import { join } from 'node:path';
import { runProgram } from '../bench/support/processes.ts';
import { findProgram } from '../bench/support/tools.ts';
import { ROOT } from '../test/house/root.ts';

/** The tools that there are. */
export class ExternalTools {
  readonly #cores: string;
  readonly #k6: string | undefined = findProgram('k6');
  readonly #wrk2: string | undefined = findProgram('wrk2');

  /** @param cores where they run */
  constructor(cores: string) {
    this.#cores = cores;
  }

  /** Which of them are installed. */
  get names(): readonly string[] {
    return [...(this.#k6 === undefined ? [] : ['k6']), ...(this.#wrk2 === undefined ? [] : ['wrk2'])];
  }

  /** Runs a scenario's scripts, loadtest/k6/NAME.js and loadtest/wrk2/NAME.lua. @returns what they say */
  async run(name: string, url: string, ratePerSecond: number, seconds: number): Promise<string> {
    const said: string[] = [];
    if (this.#k6 !== undefined) {
      const settings = { TARGET: url, RATE: ratePerSecond, SECONDS: seconds };
      const flags = Object.entries(settings).flatMap(([key, value]) => ['-e', `${key}=${value}`]);
      const script = join(ROOT, 'loadtest/k6', `${name}.js`);
      said.push(await runProgram(this.#cores, this.#k6, ['run', '--quiet', '--no-color', ...flags, script]));
    }
    if (this.#wrk2 !== undefined) {
      const script = join(ROOT, 'loadtest/wrk2', `${name}.lua`);
      const load = ['-t1', '-c200', `-d${seconds}s`, `-R${ratePerSecond}`, '--latency', '-s', script, url];
      said.push(await runProgram(this.#cores, this.#wrk2, load));
    }
    return said.join('\n');
  }
}
