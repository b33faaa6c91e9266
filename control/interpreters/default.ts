/** The interpreter `default`: the dtab, then the configured namers, then the system namer, all in this process. */
import { type Activity, flatMapOk, ok } from '../../core/names/activity.ts';
import { type Binding, bind } from '../../core/names/bind.ts';
import type { Bound, Namer } from '../../core/names/bound.ts';
import { type DelegateTree, delegate } from '../../core/names/delegate.ts';
import type { Dtab } from '../../core/names/dtab.ts';
import type { Stop } from '../../core/names/live.ts';
import { type NameTree, simplify } from '../../core/names/name-tree.ts';
import type { Path } from '../../core/names/path.ts';
import {
  showable,
  type Transformer,
  transformBound,
  transformTree,
} from '../../core/names/transformers/transformer.ts';
import { type After, afterMs } from '../namers/timer.ts';
import { DelegateError, type Interpreter } from './interpreter.ts';

/** Time for a delegation, all its address sets included (spec 01 section 8.1). */
const DELEGATE_TIMEOUT_MS = 2000;

/** Settings of a {@link DefaultInterpreter}. */
export interface DefaultInterpreterOptions {
  /** In the order of the configuration. */
  readonly namers: readonly Namer[];
  readonly system: Namer;
  /** What is done to bound trees, in order. */
  readonly transformers: readonly Transformer[];
  /** LIMITS.bindingLookupsMax. */
  readonly lookupsMax: number;
  /** Told of each binding that needed more. */
  readonly onLookupsMax: () => void;
  readonly after?: After;
}

/** Binds names with the namers of this process. */
export class DefaultInterpreter implements Interpreter {
  readonly #options: DefaultInterpreterOptions;
  readonly #after: After;

  constructor(options: DefaultInterpreterOptions) {
    this.#options = options;
    this.#after = options.after ?? afterMs;
  }

  bind(dtab: Dtab, path: Path): Activity<NameTree<Bound>> {
    const bound = bind(this.#binding(dtab), path);
    const { transformers } = this.#options;
    if (transformers.length === 0) return bound;
    return flatMapOk(bound, (tree) =>
      transformTree(transformers, tree).map((state) => (state.state === 'ok' ? ok(simplify(state.value)) : state)),
    );
  }

  delegate(dtab: Dtab, path: Path): Promise<DelegateTree> {
    const { transformers } = this.#options;
    if (!showable(transformers)) {
      return Promise.reject(new DelegateError('unsupported', 'a transformer replaces what is bound'));
    }
    const explained = delegate(this.#binding(dtab), path, (bound) => transformBound(transformers, bound));
    return new Promise((resolve, reject) => {
      let settled = false;
      let stop: Stop | undefined;
      const stopTimer = this.#after(DELEGATE_TIMEOUT_MS, () => {
        stop?.();
        reject(new DelegateError('timeout', 'Request timed out.'));
      });
      stop = explained.observe((state) => {
        if (state.state === 'pending') return;
        settled = true;
        stopTimer();
        stop?.();
        if (state.state === 'ok') resolve(state.value);
        else reject(new DelegateError('failed', state.message));
      });
      // Answered before observe() returned: there was nothing to stop with yet.
      if (settled) stop();
    });
  }

  boundNames(): string[] {
    return this.#options.namers.flatMap((namer) => namer.names?.() ?? []).map((path) => path.show());
  }

  #binding(dtab: Dtab): Binding {
    const { namers, system, lookupsMax, onLookupsMax } = this.#options;
    return { dtab, namers, system, lookupsMax, onLookupsMax };
  }
}
