import type { Duplex } from 'node:stream';
import { createFramePeer, type FrameHandlers } from '@sallyport/platform/frames';
import { anyBoundsCondition, boundsCondition } from '../bounds.ts';
import { EventSearchError } from '../errors.ts';
import { engineRows } from '../engine-rows.ts';
import { decodeRows } from '../row-encoding.ts';
import { boundsFromHead, positive, queryFromHead, rangesFromHead, text } from '../store-protocol.ts';
import { openEngine, type Engine } from './engine.ts';

export type StoreProcessNeeds = {
  /** The connection to the server: file descriptor 3. */
  readonly stream: Duplex;
  readonly environment: Record<string, string | undefined>;
  /** Ends the process at once, without waiting for the engine. */
  readonly exit: () => void;
};

/**
 * The store process: embedded ClickHouse behind frames. The first call must be `open`, with the 32-byte disk key as payload;
 * then `insert`, `remove`, `query`, `ping`. The process ends as soon as the connection does: a store whose server is gone
 * must not finish writes the next server knows nothing of, and the engine's lock on the directory goes with it.
 */
export function runStore(needs: StoreProcessNeeds): void {
  let engine: Promise<Engine> | undefined;

  const opened = (): Promise<Engine> => {
    if (engine === undefined)
      throw new EventSearchError('store_unavailable', 'Cannot use the event store: it must be opened first');
    return engine;
  };

  const handlers: FrameHandlers = {
    async open({ head, payload }) {
      if (engine !== undefined)
        throw new EventSearchError('store_open_failed', 'Cannot open the event store: it is open already');
      const options = {
        directory: text(head['directory'], 'directory'),
        memoryLimitBytes: positive(head['memoryLimitBytes'], 'memoryLimitBytes'),
        threads: positive(head['threads'], 'threads'),
        key: payload ?? new Uint8Array(),
      };
      try {
        engine = openEngine(options, { environment: needs.environment, abandon: needs.exit });
        return { head: { version: (await engine).version } };
      } finally {
        options.key.fill(0);
      }
    },
    async insert({ head, payload }) {
      const rows = decodeRows(payload ?? new Uint8Array());
      if (rows.length > 0) await (await opened()).insert(engineRows(rows), text(head['token'], 'token'));
      return { head: {} };
    },
    async remove({ head }) {
      const ranges = rangesFromHead(head);
      await (
        await opened()
      ).remove(ranges === undefined ? boundsCondition(boundsFromHead(head)) : anyBoundsCondition(ranges));
      return { head: {} };
    },
    async query({ head }) {
      const { rows, ...measured } = await (await opened()).query(queryFromHead(head));
      return { head: measured, payload: rows };
    },
    ping: () => ({ head: {} }),
  };

  const peer = createFramePeer(needs.stream, handlers);
  void peer.closed.then(needs.exit);
}
