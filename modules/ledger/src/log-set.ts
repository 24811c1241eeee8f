import { hash } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { JsonObject, Position } from '@sallyport/contracts';
import { parseSignedCheckpoint } from '@sallyport/merkle-log';
import type { Checkpoint } from '@sallyport/merkle-log';
import { makePrivateDirectory, readFileIfPresent, writeFileDurably } from '@sallyport/platform/files';
import { LedgerError } from './errors.ts';
import { openLog } from './log.ts';
import type { Log } from './log.ts';
import type { LogEntry } from './log-entry.ts';
import { describeRestore, gapProvenBy, restoredEvent } from './restored-event.ts';
import type { Gap, HeldOutside } from './restored-event.ts';
import type { LedgerKeys } from './needs.ts';

/** Fits into the header of a block, with room for the logs that follow. */
const maxLogNumber = 1_000_000_000;

export type LogSetNeeds = {
  readonly directory: string;
  readonly vault: LedgerKeys;
  readonly random: (bytes: number) => Buffer;
  readonly nowMs: () => number;
  readonly fatal: (error: unknown) => never;
};

/** What is known from outside of the directory when its logs go on. */
export type KnownOutside = {
  /** The newest signed checkpoint somebody outside this directory has seen, if any. */
  readonly anchor: string | undefined;
  /** The operator says this directory was put back from a backup. */
  readonly afterRestore: boolean;
  /** What witnesses hold against going on, if anything; judged here. */
  readonly outside: readonly HeldOutside[];
  /** Too few of those who must be asked have answered: take entries, sign nothing yet. */
  readonly hold: boolean;
};

/** The logs as found: nothing is signed or appended before `goOn`. */
export type BegunLogSet = {
  /** The log that would go on, to ask witnesses about. */
  readonly newest: Log;
  goOn(known: KnownOutside): LogSet;
  /** Instead of going on. */
  release(): void;
};

/**
 * The logs of one installation: the last takes appends, the others are closed. A restore never continues a log, since
 * its lost entries may have been witnessed: it opens the next, whose first entry embeds the last known checkpoint.
 */
export type LogSet = {
  readonly current: Log;
  get(number: number): Log | undefined;
  /** Where a log before the current one holds this stream and sequence. */
  findInClosed(entry: Pick<LogEntry, 'stream' | 'streamId' | 'sequence'>): Position | undefined;
  readonly all: readonly Log[];
  /** What was found missing, when this open began a new log. */
  readonly restored: JsonObject | undefined;
  close(): void;
};

export function beginLogSet(needs: LogSetNeeds): BegunLogSet {
  makePrivateDirectory(join(needs.directory, 'logs'));
  const instance = instanceName(needs);
  const open = (number: number): Log => {
    const directory = join(needs.directory, 'logs', String(number));
    // One whose making was cut short before it had its name gets it now.
    if (number > 1 && !existsSync(join(directory, 'blocks'))) nameLog(needs, directory, instance, number);
    const named = readFileIfPresent(join(directory, 'origin'))?.toString('utf8').trim();
    const first = `sallyport/${instance}/`;
    const origin = named ?? `${first}${number}`;
    // As the name, so the key: a vault that was not put back with the directory must not give out that of another history.
    const keyLabel = `log/${origin.startsWith(first) ? origin.slice(first.length) : origin}`;
    return openLog({ ...needs, signing: 'held', directory, number, origin, keyLabel });
  };
  const numbers = readdirSync(join(needs.directory, 'logs'))
    .map(Number)
    .filter((number) => Number.isSafeInteger(number) && number > 0)
    .toSorted((a, b) => a - b);
  const logs = (numbers.length === 0 ? [1] : numbers).map(open);
  const last = logs.at(-1);
  if (last === undefined) throw new LedgerError('ledger_corrupt', 'Cannot open the ledger: it has no log');

  return {
    // A later log without entries was never signed for.
    newest: (last.size() === 0 ? logs.at(-2) : undefined) ?? last,
    goOn: (known) => goOn({ ...needs, instance, logs, open }, known),
    release() {
      for (const log of logs) log.release();
    },
  };
}

type FoundLogs = LogSetNeeds & {
  readonly instance: string;
  readonly logs: Log[];
  readonly open: (number: number) => Log;
};

function goOn(needs: FoundLogs, known: KnownOutside): LogSet {
  const { logs } = needs;
  const last = logs.at(-1);
  if (last === undefined) throw new LedgerError('ledger_corrupt', 'Cannot open the ledger: it has no log');
  // A later log without entries is one whose opening was cut short: it still lacks its first entry.
  const begun = last.size() === 0 ? logs.at(-2) : undefined;
  const previous = begun ?? last;
  const gap = findGap(previous, known) ?? (begun === undefined ? undefined : { anchorLog: 0, reason: 'operator' });
  const outside = provenOutside(previous, known);
  const restored = gap === undefined ? undefined : describeRestore(previous, gap, { anchor: known.anchor, outside });
  const takesLast = gap === undefined || (begun !== undefined && last.number > gap.anchorLog);
  const current = takesLast ? last : needs.open(Math.max(last.number, gap.anchorLog) + 1);
  if (current !== last) logs.push(current);
  for (const log of logs) log.setSigning(log === current ? 'open' : 'frozen');
  // A new log has no history anybody could hold against it.
  if (known.hold && restored === undefined) current.setSigning('held');
  if (restored !== undefined) {
    // Ledger time never decreases, across logs too, whatever the clock of a machine just restored says.
    const nowMs = Math.max(needs.nowMs(), ...logs.map((log) => log.lastReceivedAtMs()));
    const body = Buffer.from(JSON.stringify(restoredEvent(restored, nowMs)));
    const streamId = hash('sha256', 'ledger/restored', 'buffer').subarray(0, 16);
    current.append(
      [
        {
          stream: 'ledger/restored',
          streamId,
          collectorId: streamId,
          retention: 'audit',
          sequence: 0,
          classUid: 0,
          body,
        },
      ],
      nowMs,
    );
    current.publish();
  }
  return {
    current,
    get: (number) => logs.find((log) => log.number === number),
    findInClosed(entry) {
      for (const log of logs) {
        const index = log === current ? undefined : log.find(entry);
        if (index !== undefined) return { log: log.number, index };
      }
      return undefined;
    },
    all: logs,
    restored,
    close: () => {
      for (const log of logs) log.close();
    },
  };
}

/**
 * A log that follows a restore gets a name nobody had before: the same directory put back twice must not sign two histories
 * under one name.
 */
function nameLog({ random }: LogSetNeeds, directory: string, instance: string, number: number): void {
  const file = join(directory, 'origin');
  if (existsSync(file)) return;
  makePrivateDirectory(directory);
  writeFileDurably(file, Buffer.from(`sallyport/${instance}/${random(4).toString('hex')}/${number}\n`));
}

/** Why the present log must not go on, if so: the outside world knows entries it lacks or has different. */
function findGap(last: Log, known: KnownOutside): Gap | undefined {
  const checkpoint = known.anchor === undefined ? undefined : parseAnchor(known.anchor);
  const anchorLog = checkpoint === undefined ? 0 : logNumberOf(checkpoint.origin);
  if (checkpoint !== undefined) {
    if (anchorLog > last.number || (anchorLog === last.number && checkpoint.treeSize > last.size()))
      return { anchorLog, reason: 'behind' };
    if (anchorLog === last.number && !Buffer.from(checkpoint.root).equals(last.rootAt(checkpoint.treeSize)))
      return { anchorLog, reason: 'forked' };
  }
  const outside = provenOutside(last, known);
  const proven = outside === undefined ? undefined : gapProvenBy(outside, last);
  if (proven !== undefined) return { anchorLog, reason: proven };
  return known.afterRestore && last.size() > 0 ? { anchorLog, reason: 'operator' } : undefined;
}

/** Of what is held against this log and holds good, that of the largest tree. */
function provenOutside(last: Log, { outside }: KnownOutside): HeldOutside | undefined {
  return outside
    .filter((held) => gapProvenBy(held, last) !== undefined)
    .toSorted((a, b) => sizeOf(a) - sizeOf(b))
    .at(-1);
}

function sizeOf({ checkpoint }: HeldOutside): number {
  return parseSignedCheckpoint(checkpoint).checkpoint.treeSize;
}

function parseAnchor(anchor: string): Checkpoint {
  try {
    return parseSignedCheckpoint(anchor).checkpoint;
  } catch (cause) {
    throw new LedgerError('ledger_corrupt', 'Cannot open the ledger: the checkpoint kept outside it is not readable', {
      cause,
      hint: 'the control database is damaged: restore it from a backup and start with --after-restore',
    });
  }
}

function logNumberOf(origin: string): number {
  const number = Number(origin.split('/').at(-1));
  return Number.isSafeInteger(number) && number > 0 && number < maxLogNumber ? number : 0;
}

/** A random name of this installation, part of every log's origin. */
function instanceName(needs: LogSetNeeds): string {
  const file = join(needs.directory, 'instance');
  const known = readFileIfPresent(file)?.toString('utf8').trim();
  if (known !== undefined) return known;
  if (existsSync(join(needs.directory, 'logs', '1'))) {
    throw new LedgerError('ledger_corrupt', `Cannot open the ledger: "${file}" is missing beside existing logs`);
  }
  const name = needs.random(8).toString('hex');
  writeFileDurably(file, Buffer.from(`${name}\n`));
  return name;
}
