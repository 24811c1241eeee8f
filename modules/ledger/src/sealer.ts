import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { textOf, textsOf } from '@sallyport/contracts';
import type { JsonObject, JsonValue } from '@sallyport/contracts';
import type { Clock } from '@sallyport/platform/clock';
import type { FrameHandlers } from '@sallyport/platform/frames';
import { createAnchorFrames } from './anchor-files.ts';
import { readAppend } from './append-request.ts';
import { createCommitQueue } from './commit-queue.ts';
import { lockDirectory } from './directory-lock.ts';
import { isDiskFull, isSystemError } from './disk-errors.ts';
import { createDiskWatch } from './disk-watch.ts';
import type { DiskLimits } from './disk-watch.ts';
import { LedgerError } from './errors.ts';
import { createLedgerClock } from './ledger-clock.ts';
import type { ClockJump, LedgerClock } from './ledger-clock.ts';
import type { Log } from './log.ts';
import type { LogEntry } from './log-entry.ts';
import { beginLogSet } from './log-set.ts';
import type { BegunLogSet, KnownOutside, LogSet } from './log-set.ts';
import { createSettling } from './log-settling.ts';
import { createNameIds } from './name-ids.ts';
import type { NameIds } from './name-ids.ts';
import { encodeEvents, encodePositions, encodeRuns } from './read-format.ts';
import type { KeptSecrets, LedgerKeys } from './needs.ts';
import { createOwnRecords } from './own-records.ts';
import type { OwnRecords } from './own-records.ts';
import { createSealedFrames } from './sealed-frames.ts';
import { secretHandlers } from './secret-frames.ts';
import { readTile } from './tile-frames.ts';
import { pruneHandlers } from './pruning/prune-frames.ts';
import { rangeHandlers } from './range/range-frames.ts';
import { gapProvenBy, readHeldOutside } from './restored-event.ts';

export type SealerNeeds = {
  readonly directory: string;
  /** Not touched before the directory is locked and `begin` or `open` is called: whoever opens it has until then. */
  readonly vault: LedgerKeys & KeptSecrets;
  readonly clock: Clock;
  readonly random: (bytes: number) => Buffer;
  readonly disk: DiskLimits;
  /** How often new entries get a signed checkpoint. */
  readonly checkpointEveryMs: number;
  /** How long to wait for a predecessor to let go of the directory. */
  readonly lockWaitMs: number;
  /** Secrets the server process may open and seal, by exact name. All other keys stay here. */
  readonly offeredSecrets: readonly string[];
  readonly notify: (method: string, head: JsonObject) => void;
  /** Ends the process: the disk can no longer be trusted, only a rescan tells what is on it. */
  readonly fatal: (error: unknown) => never;
};

/**
 * The ledger's side of the sealer process: everything that touches keys or block files, over frames.
 * One call may be open at a time per file write; group commit joins what waits.
 */
export type Sealer = {
  readonly handlers: FrameHandlers;
  /** For whoever shares this process; usable once the ledger is open. */
  readonly ownRecords: OwnRecords;
  /** Gives back the room kept for a full disk; false when it was already given. */
  makeRoom(): boolean;
  close(): void;
};

/** A reply must fit into a frame, with the one block that may go past it. */
const maxReadBytes = 32 * 1024 * 1024;

type Opened = { readonly logs: LogSet; readonly clock: LedgerClock };

export function createSealer(needs: SealerNeeds): Sealer {
  mkdirSync(needs.directory, { recursive: true, mode: 0o700 });
  const releaseLock = lockDirectory(needs.directory, needs.lockWaitMs);
  let names: NameIds | undefined;
  const nameIds = (): NameIds => (names ??= createNameIds(needs));
  const nameId = (kind: 'stream' | 'collector', name: string): Buffer => nameIds()(kind, name);
  let begun: BegunLogSet | undefined;
  let open: Opened | undefined;
  let timer: NodeJS.Timeout | undefined;

  const disk = createDiskWatch({
    directory: needs.directory,
    limits: needs.disk,
    monotonicMs: () => needs.clock.monotonicMs(),
    random: needs.random,
  });
  const logs = (): LogSet => {
    if (open === undefined) throw new LedgerError('unavailable', 'Cannot use the ledger: it is not open yet');
    return open.logs;
  };
  const logOf = (value: JsonValue | undefined): Log => {
    const log = logs().get(Number(value));
    if (log === undefined) throw new LedgerError('not_found', `Cannot find log "${JSON.stringify(value)}"`);
    return log;
  };
  const head = (): JsonObject => ({ log: logs().current.number, index: logs().current.size() });

  const commit = (entries: readonly LogEntry[]): number[] => {
    if (open === undefined) throw new LedgerError('unavailable', 'Cannot append: the ledger is not open yet');
    const { current } = open.logs;
    const atMs = Math.max(open.clock.nowMs(), current.lastReceivedAtMs());
    try {
      return current.append(entries, atMs);
    } catch (error) {
      if (!isDiskFull(error)) {
        // Whatever a disk answers but "full" may leave it other than we believe; only a rescan tells.
        if (isSystemError(error)) needs.fatal(error);
        throw error;
      }
      // The failed write was cut off. With the reserve given back there is room for what must still be recorded.
      if (disk.releaseReserve()) return commit(entries);
      throw new LedgerError('disk_low', 'Cannot append: the disk is full', { cause: error });
    }
  };
  const queue = createCommitQueue<LogEntry>({
    allows: (priority) => disk.allows(priority),
    commit,
    committed: () => needs.notify('head', head()),
  });

  const handlers: FrameHandlers = {
    // Before `open`, so that witnesses can be asked while nothing is signed or appended yet.
    begin: () => {
      const { newest } = makingRoom(begin);
      const checkpoint = newest.published();
      return {
        head: {
          log: newest.number,
          origin: newest.origin,
          verifier_key: newest.verifierKey,
          size: newest.size(),
          ...(checkpoint === undefined ? {} : { checkpoint }),
        },
      };
    },
    open: ({ head: request }) => {
      const anchor = request['anchor'];
      const known = {
        anchor: typeof anchor === 'string' ? anchor : undefined,
        afterRestore: request['afterRestore'] === true,
        outside: readHeldOutside(request['outside']),
        hold: request['hold'] === true,
      };
      const opened = (open ??= makingRoom(() => goOn(known)));
      return {
        head: {
          ...head(),
          logs: opened.logs.all.map((log) => ({
            number: log.number,
            origin: log.origin,
            verifier_key: log.verifierKey,
            size: log.size(),
          })),
          ...(opened.logs.restored === undefined ? {} : { restored: opened.logs.restored }),
        },
      };
    },
    append: async ({ head: request, payload = new Uint8Array() }) => {
      const { entries, priority } = readAppend(request, payload, nameId);
      const { current, all } = logs();
      if (all.length === 1) {
        const indexes = await queue.add(entries, payload.length, priority);
        return { head: { log: current.number, runs: encodeRuns(indexes) } };
      }
      // What was recorded before a restore keeps its place; only the rest is appended.
      const earlier = entries.map((item) => logs().findInClosed(item));
      const fresh = entries.filter((_, order) => earlier[order] === undefined);
      const indexes = (await queue.add(fresh, payload.length, priority)).values();
      const positions = earlier.map((known) => known ?? { log: current.number, index: indexes.next().value ?? 0 });
      return { head: encodePositions(current.number, positions) };
    },
    read: ({ head: request }) => {
      const log = logOf(request['log']);
      const until = request['until'];
      const from = Number(request['index']);
      const { events, next } = log.read(from, {
        maxEvents: Number(request['maxEvents']),
        maxBytes: Math.min(Number(request['maxBytes']), maxReadBytes),
        ...(typeof until === 'number' ? { until } : {}),
      });
      // A range or cursor may lie past the end, when the log lost entries to a restore: there is nothing more to wait for.
      const isAtEnd = next >= log.size() && (typeof until !== 'number' || until > log.size());
      const isClosed = log !== logs().current && isAtEnd;
      return { head: { next, closed: isClosed }, payload: encodeEvents(events) };
    },
    ...createSealedFrames(logs),
    ...createAnchorFrames({
      directoryOf: (value) => join(needs.directory, 'logs', String(logOf(Number(value)).number)),
      fatal: needs.fatal,
    }),
    count: ({ head: request }) => ({
      head: { count: logOf(request['log']).countEvents(Number(request['from']), Number(request['to'])) },
    }),
    checkpoint: async ({ head: request }) => ({
      head: { checkpoint: await logOf(request['log']).publishBeside() },
    }),
    consistency: ({ head: request }) => {
      const log = begunLog(request['log']) ?? logOf(request['log']);
      return {
        head: {},
        payload: Buffer.concat(log.proveConsistency(Number(request['from']), Number(request['to']))),
      };
    },
    prove: ({ head: request }) => {
      const { checkpoint, witnessKeys, timeStamps } = request;
      const cosigned =
        typeof checkpoint === 'string'
          ? { checkpoint, witnessKeys: textsOf(witnessKeys), timeStamps: textsOf(timeStamps) }
          : undefined;
      return { head: { evidence: logOf(request['log']).prove(Number(request['index']), cosigned) } };
    },
    ...pruneHandlers({
      prunerOf: (log) => logOf(log).pruner,
      directoryOf: (log) => join(needs.directory, 'logs', `${logOf(log).number}`),
    }),
    ...rangeHandlers({ rangeOf: (log) => logOf(log).range, names: nameIds }),
    // Those outside have answered, or an operator answers for them.
    sign: () => {
      logs().current.setSigning('open');
      return { head: {} };
    },
    freeze: ({ head: request }) => {
      const { current } = logs();
      const [outside] = readHeldOutside([request]);
      const isProven = outside !== undefined && gapProvenBy(outside, current) !== undefined;
      if (isProven) current.setSigning('frozen');
      return { head: { frozen: isProven } };
    },
    tile: ({ head: request }) =>
      readTile(join(needs.directory, 'logs', `${logOf(request['log']).number}`), textOf(request['path'])),
    status: () => ({
      head: {
        ...head(),
        queued_bytes: queue.waitingBytes(),
        intake_allowed: disk.allows('intake'),
        clock_jump: clockJump(),
        signing: logs().current.signing(),
        ledger_time_ms: open?.clock.nowMs() ?? null,
      },
    }),
    'clock.accept': () => {
      open?.clock.accept();
      return { head: {} };
    },
    ...secretHandlers(needs),
  };

  /** Recovery writes. On a full disk it gets the reserve, like everything that must go on, at the start that follows. */
  function makingRoom<Result>(work: () => Result): Result {
    try {
      return work();
    } catch (error) {
      if (!isDiskFull(error)) throw error;
      disk.releaseReserve();
      throw new LedgerError('disk_low', 'Cannot open the ledger: the disk is full', {
        cause: error,
        hint: 'free space on the data disk',
      });
    }
  }
  function begin(): BegunLogSet {
    const { directory, vault, random, fatal } = needs;
    const nowMs = (): number => Math.floor(needs.clock.nowMs() / 1000) * 1000;
    // Before the logs: a ledger that exists without the key for its names has lost its vault.
    names ??= createNameIds(needs);
    return (begun ??= beginLogSet({ directory, vault, random, fatal, nowMs }));
  }
  /** While witnesses are asked, they may want proof of how the log grew. */
  function begunLog(value: JsonValue | undefined): Log | undefined {
    return open === undefined && begun?.newest.number === value ? begun?.newest : undefined;
  }
  function goOn(known: KnownOutside): Opened {
    const set = begin().goOn(known);
    const clock = createLedgerClock(needs.clock, set.current.lastReceivedAtMs(), (jump) =>
      needs.notify('clock', { ...jump }),
    );
    const settle = createSettling({ disk, fatal: needs.fatal });
    timer = setInterval(() => void settle(set.current), needs.checkpointEveryMs);
    timer.unref();
    return { logs: set, clock };
  }
  function clockJump(): ClockJump | null {
    return open?.clock.held() ?? null;
  }
  return {
    handlers,
    ownRecords: createOwnRecords({ logs, nameId, add: (entries, bytes) => queue.add(entries, bytes, 'control') }),
    makeRoom: () => disk.releaseReserve(),
    close() {
      if (timer !== undefined) clearInterval(timer);
      // Closed before it was opened, it has not been signed for either.
      if (open === undefined) begun?.release();
      else open.logs.close();
      releaseLock();
    },
  };
}
