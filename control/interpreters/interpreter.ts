/** What every kind of interpreter offers the routers and the admin pages. */
import type { Activity } from '../../core/names/activity.ts';
import type { Bound } from '../../core/names/bound.ts';
import type { DelegateTree } from '../../core/names/delegate.ts';
import type { Dtab } from '../../core/names/dtab.ts';
import type { NameTree } from '../../core/names/name-tree.ts';
import type { Path } from '../../core/names/path.ts';

/** Turns names into bound names. */
export interface Interpreter {
  /** Binds a path with a dtab (router's and request's), for as long as the activity is observed. */
  bind(dtab: Dtab, path: Path): Activity<NameTree<Bound>>;
  /** Explains how a path is bound. Rejects with a {@link DelegateError}. */
  delegate(dtab: Dtab, path: Path): Promise<DelegateTree>;
  /** The text of the names that can be listed (`/bound-names.json`). */
  boundNames(): string[];
}

/** A delegation that cannot be shown. `timeout` is Linkerd's 503, `unsupported` its 501. */
export class DelegateError extends Error {
  override readonly name = 'DelegateError';
  readonly code: 'timeout' | 'failed' | 'unsupported';

  constructor(code: DelegateError['code'], message: string) {
    super(message);
    this.code = code;
  }
}
