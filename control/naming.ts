/**
 * From a configuration to what binds its names: one set of namers for the process, and an interpreter for each router.
 *
 *     namers[] --> namers, bare --> their transformers --> namers --+--> interpreter of a router: its transformers behind
 *                    |                  (replace, const)            +--> interpreter without a router, for delegations
 *                    `-- bind the names that transformers bring
 */
import type { InterpreterConfig, LinkerConfig, NamerConfig } from '../core/config/types.ts';
import type { CountedLimitName, LimitValues } from '../core/limits.ts';
import { bind } from '../core/names/bind.ts';
import type { Namer } from '../core/names/bound.ts';
import { Dtab } from '../core/names/dtab.ts';
import { Path } from '../core/names/path.ts';
import { RewritingNamer } from '../core/names/rewriting-namer.ts';
import { SystemNamer } from '../core/names/system.ts';
import { type Transformer, transformedNamer } from '../core/names/transformers/transformer.ts';
import { DefaultInterpreter } from './interpreters/default.ts';
import type { Interpreter } from './interpreters/interpreter.ts';
import type { Logger } from './log.ts';
import { Dns } from './namers/dns.ts';
import { FsNamer } from './namers/fs.ts';
import { inetUtilities } from './namers/inet.ts';
import { createTransformer } from './namers/transformers.ts';

/** What naming needs of the process. */
export interface NamingEnvironment {
  readonly limits: LimitValues;
  readonly log: Logger;
  limitMet(name: CountedLimitName): void;
}

/** Everything that binds names. */
export class Naming {
  /** The configured namers with an empty dtab, and no transformers of an interpreter's: for who comes without a router. */
  readonly interpreter: Interpreter;
  readonly #environment: NamingEnvironment;
  readonly #system: Namer;
  readonly #namers: readonly Namer[];

  constructor(configs: LinkerConfig['namers'], environment: NamingEnvironment) {
    const { limits } = environment;
    this.#environment = environment;
    const dns = new Dns({ refreshMs: limits.dnsRefreshMs });
    this.#system = new SystemNamer(inetUtilities(dns));
    const bare = configs.map((config) => this.#createNamer(config, dns));
    // A namer's transformers bind by the bare namers: by the namers as they become they could lead to themselves.
    this.#namers = bare.map((namer, i) =>
      transformedNamer(namer, this.#transformers((configs[i] as NamerConfig).transformers, bare)),
    );
    this.interpreter = this.#createInterpreter([]);
  }

  /** The interpreter of a router. */
  interpreterOf({ transformers }: InterpreterConfig): Interpreter {
    if (transformers.length === 0) return this.interpreter;
    return this.#createInterpreter(this.#transformers(transformers, this.#namers));
  }

  #createInterpreter(transformers: readonly Transformer[]): Interpreter {
    return new DefaultInterpreter({
      namers: this.#namers,
      system: this.#system,
      transformers,
      ...this.#lookupBounds(),
    });
  }

  #lookupBounds() {
    const { limits, limitMet } = this.#environment;
    return { lookupsMax: limits.bindingLookupsMax, onLookupsMax: () => limitMet('bindingLookupsMax') };
  }

  #transformers(configs: InterpreterConfig['transformers'], namers: readonly Namer[]): readonly Transformer[] {
    const binding = { dtab: Dtab.empty, namers, system: this.#system, ...this.#lookupBounds() };
    return configs.map((config) => createTransformer(config, (path) => bind(binding, path)));
  }

  #createNamer(config: NamerConfig, dns: Dns): Namer {
    const prefix = Path.read(config.prefix);
    switch (config.kind) {
      case 'io.l5d.rewrite':
        return new RewritingNamer(prefix, config.pattern, config.name);
      case 'io.l5d.fs': {
        const { limits, log, limitMet } = this.#environment;
        return new FsNamer({
          prefix,
          rootDir: config.rootDir,
          dns,
          fileBytesMax: limits.fsFileBytesMax,
          onTooLarge: () => limitMet('fsFileBytesMax'),
          onProblem: (path, message) => log.warn({ namer: config.prefix, path }, message),
        });
      }
    }
  }
}
