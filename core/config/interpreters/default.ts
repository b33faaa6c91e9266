/** The interpreter that binds names in this process, by the router's dtab and the configured namers (spec 02 section 10). */
import { kind } from '../kinds.ts';
import { transformers } from '../transformers/registry.ts';

/** `default`. */
export const inProcess = kind('default', { transformers });
