/** What the threads of the load generator are told, and what they answer. */

/** One thread's part. */
export interface ThreadPlan {
  readonly port: number;
  /** The Host that requests carry: the name in the mesh. */
  readonly host: string;
  readonly ratePerSecond: number;
  readonly durationMs: number;
  /** Connections that may be open at one time; when all are in use, requests wait, and their time runs. */
  readonly connectionsMax: number;
  /** Time after which a request counts as failed, from its planned moment. */
  readonly timeoutMs: number;
  /** Part of the interval between two requests by which this thread is behind the first. */
  readonly phase: number;
}

/** What came of it. */
export interface ThreadResult {
  readonly planned: number;
  /** Responses with status 200. */
  readonly succeeded: number;
  /** Those of them within a second of their planned moment. */
  readonly succeededWithinSecond: number;
  /** Microseconds from the planned moment to the response's end, as hdr-histogram-js encodes them. */
  readonly corrected: string;
  /** Microseconds from the moment of sending: what a closed-loop client would have seen. */
  readonly fromSending: string;
  /** As `corrected`, of the requests that were due in each second. */
  readonly bySecond: readonly string[];
}
