/** The namer that reads addresses from files (spec 02 section 9, spec 04 section 1.1). */
import { kind } from '../kinds.ts';
import { directory, path } from '../scalars.ts';
import { required, withDefault } from '../schema.ts';
import { transformers } from '../transformers/registry.ts';

/** `io.l5d.fs`: every file under `rootDir` is a name, its lines the addresses. */
export const fs = kind('io.l5d.fs', {
  /** Watched directory, absolute after reading. */
  rootDir: required(directory),
  /** The namer answers for `/#/<prefix>`. */
  prefix: withDefault(path, '/io.l5d.fs'),
  transformers,
});
