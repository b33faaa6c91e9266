/** No failure accrual: endpoints are never marked dead for their failures (spec 02 section 7.5). */
import { kind } from '../kinds.ts';

/** `none`. */
export const none = kind('none', {});
