/** p2c among as many endpoints as the load needs (spec 02 section 7.4, spec 05 section 3.2). */
import { type Kind, kind } from '../kinds.ts';
import { int, positive } from '../scalars.ts';
import { checked, withDefault } from '../schema.ts';
import { choosing } from './common.ts';

const unchecked = kind('aperture', {
  ...choosing,
  /** Window of the moving average of the load. */
  smoothWindowMs: withDefault(int(1), 5_000),
  /** Requests out an endpoint, on average, at which one endpoint less is used. */
  lowLoad: withDefault(positive, 0.5),
  /** And at which one more is used. */
  highLoad: withDefault(positive, 2),
  minAperture: withDefault(int(1), 1),
});

/** `aperture`. */
export const aperture: typeof unchecked extends Kind<infer T> ? Kind<T> : never = {
  ...unchecked,
  schema: checked(unchecked.schema, ({ lowLoad, highLoad }, node, path, reading) => {
    if (!(lowLoad >= highLoad)) return;
    const what = `lowLoad ${lowLoad} is not below highLoad ${highLoad}`;
    reading.report({
      at: node,
      path,
      what,
      remedy: 'Lower lowLoad or raise highLoad: a load between them changes nothing.',
    });
  }),
};
