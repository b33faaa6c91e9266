/** Keys that balancers share (spec 02 section 7.4). */
import { boolean, int } from '../scalars.ts';
import { withDefault } from '../schema.ts';

/** The shape of the keys that all have. */
export const common = {
  /** Endpoints that discovery has removed stay in use for as long as they are open. */
  enableProbation: withDefault(boolean, false),
  /** Weft's own key: endpoints in use are connected to when they appear, not with their first request. */
  eagerConnections: withDefault(boolean, false),
  /**
   * Weft's own key: while fewer endpoints than this are open, all are used, whatever breakers say of them (a panic
   * threshold). 0 is Linkerd's behaviour.
   */
  minEndpoints: withDefault(int(0), 0),
};

/** The shape of the keys of those that choose again when an endpoint is not open. */
export const choosing = {
  ...common,
  /** Choices before an endpoint that is not open is taken all the same. */
  maxEffort: withDefault(int(1), 5),
};
