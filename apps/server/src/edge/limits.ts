/** Bounds on what clients may ask of the edge. Every one has a test that goes past it. */
export type EdgeLimits = {
  /** Request body, unless the route says otherwise (`bodyLimitBytes`). */
  readonly bodyBytes: number;
  /** Request line and headers together. */
  readonly headerBytes: number;
  /** Nesting of arrays and objects in a JSON body. */
  readonly jsonDepth: number;
  readonly connections: number;
  readonly connectionsPerAddress: number;
  /** Time for the headers to arrive. */
  readonly headersTimeoutMs: number;
  /** Time for the whole request to arrive. */
  readonly requestTimeoutMs: number;
  /** Time without a byte in either direction, while a request is under way. */
  readonly idleTimeoutMs: number;
  /** Time a connection may stay open between requests. */
  readonly keepAliveTimeoutMs: number;
  /** How often the timeouts above are looked at. */
  readonly timeoutCheckMs: number;
  readonly perAddress: Rate;
  readonly perPrincipal: Rate;
  /** WebSockets in all and of one caller. */
  readonly sockets: number;
  readonly socketsPerPrincipal: number;
  /** One message; a route may ask for less. */
  readonly socketMessageBytes: number;
  /** A WebSocket that answers no ping for so long is gone. */
  readonly socketSilenceMs: number;
};

/** Tokens of a bucket: `burst` at first and at most, `perSecond` coming in. One request takes one. */
export type Rate = { readonly perSecond: number; readonly burst: number };

export const defaultLimits: EdgeLimits = {
  bodyBytes: 1024 * 1024,
  headerBytes: 16 * 1024,
  jsonDepth: 32,
  connections: 2000,
  connectionsPerAddress: 500,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 60_000,
  idleTimeoutMs: 120_000,
  keepAliveTimeoutMs: 30_000,
  timeoutCheckMs: 1000,
  perAddress: { perSecond: 500, burst: 1000 },
  perPrincipal: { perSecond: 300, burst: 600 },
  sockets: 500,
  socketsPerPrincipal: 20,
  socketMessageBytes: 2 * 1024 * 1024,
  socketSilenceMs: 30_000,
};
