import { hash } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { JsonObject, Position } from '@sallyport/contracts';
import { parseSignedCheckpoint } from '@sallyport/merkle-log';
import type { Checkpoint } from '@sallyport/merkle-log';
import { makePrivateDirectory, readFileIfPresent, writeFileDurably } from '@sallyport/platform/files';
import { LedgerError } from './errors.ts';
import { openLog } from './log.ts';
import type { Log, LogEntry } from './log.ts';
import { describeRestore, restoredEvent } from './restored-event.ts';
import type { LedgerKeys } from './needs.ts';

/** Fits into the header of a block, with room for the logs that follow. */
const maxLogNumber = 1_000_000_000;

export type LogSetNeeds = {
  readonly directory: string;
  readonly vault: LedgerKeys;
  readonly random: (bytes: number) => Buffer;
  readonly nowMs: () => number;
  readonly fatal: (error: unknown) => never;
  /** The newest signed checkpoint somebody outside this directory has seen, if any. */
  readonly anchor: string | undefined;
  /** The operator says this directory was put back from a backup. */
  readonly afterRestore: boolean;
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

export function openLogSet(needs: LogSetNeeds): LogSet {
  makePrivateDirectory(join(needs.directory, 'logs'));
  const instance = instanceName(needs);
  const open = (number: number): Log =>
    openLog({
      ...needs,
      directory: join(needs.directory, 'logs', String(number)),
      number,
      origin: `sallyport/${instance}/${number}`,
    });
  const numbers = readdirSync(join(needs.directory, 'logs'))
    .map(Number)
    .filter((number) => Number.isSafeInteger(number) && number > 0)
    .toSorted((a, b) => a - b);
  const logs = (numbers.length === 0 ? [1] : numbers).map(open);
  const last = logs.at(-1);
  if (last === undefined) throw new LedgerError('ledger_corrupt', 'Cannot open the ledger: it has no log');

  // A later log without entries is one whose opening was cut short: it still lacks its first entry.
  const begun = last.size() === 0 ? logs.at(-2) : undefined;
  const previous = begun ?? last;
  const gap = findGap(previous, needs) ?? (begun === undefined ? undefined : { anchorLog: 0, reason: 'operator' });
  const restored = gap === undefined ? undefined : describeRestore(previous, gap, needs.anchor);
  const takesLast = gap === undefined || (begun !== undefined && last.number > gap.anchorLog);
  const current = takesLast ? last : open(Math.max(last.number, gap.anchorLog) + 1);
  if (current !== last) logs.push(current);
  if (restored !== undefined) {
    // Ledger time never decreases, across logs too, whatever the clock of a machine just restored says.
    const nowMs = Math.max(needs.nowMs(), ...logs.map((log) => log.lastReceivedAtMs()));
    const body = Buffer.from(JSON.stringify(restoredEvent(restored, nowMs)));
    const streamId = hash('sha256', 'ledger/restored', 'buffer').subarray(0, 16);
    current.append(
      [{ stream: 'ledger/restored', streamId, collectorId: streamId, sequence: 0, classUid: 0, body }],
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

/** Why the present log must not go on, if so: the outside world knows entries it lacks or has different. */
function findGap(
  last: Log,
  needs: LogSetNeeds,
): { anchorLog: number; reason: 'behind' | 'forked' | 'operator' } | undefined {
  const checkpoint = needs.anchor === undefined ? undefined : parseAnchor(needs.anchor);
  const anchorLog = checkpoint === undefined ? 0 : logNumberOf(checkpoint.origin);
  if (checkpoint !== undefined) {
    if (anchorLog > last.number || (anchorLog === last.number && checkpoint.treeSize > last.size()))
      return { anchorLog, reason: 'behind' };
    if (anchorLog === last.number && !Buffer.from(checkpoint.root).equals(last.rootAt(checkpoint.treeSize)))
      return { anchorLog, reason: 'forked' };
  }
  return needs.afterRestore && last.size() > 0 ? { anchorLog, reason: 'operator' } : undefined;
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
