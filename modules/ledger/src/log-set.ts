import { hash } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { JsonObject } from '@sallyport/contracts';
import { parseSignedCheckpoint } from '@sallyport/merkle-log';
import { makePrivateDirectory, readFileIfPresent, writeFileDurably } from '@sallyport/platform/files';
import { LedgerError } from './errors.ts';
import { openLog } from './log.ts';
import type { Log } from './log.ts';
import { describeRestore, restoredEvent } from './restored-event.ts';
import type { LedgerKeys } from './needs.ts';

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

  const gap = findGap(last, needs);
  const restored = gap === undefined ? undefined : describeRestore(last, gap, needs.anchor);
  const current = gap === undefined ? last : open(Math.max(last.number, gap.anchorLog) + 1);
  if (restored !== undefined) {
    logs.push(current);
    const body = Buffer.from(JSON.stringify(restoredEvent(restored, needs.nowMs())));
    const streamId = hash('sha256', 'ledger/restored', 'buffer').subarray(0, 16);
    current.append(
      [{ stream: 'ledger/restored', streamId, collectorId: streamId, sequence: 0, classUid: 0, body }],
      needs.nowMs(),
    );
    current.publish();
  }
  return {
    current,
    get: (number) => logs.find((log) => log.number === number),
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
  const anchorLog = needs.anchor === undefined ? 0 : logNumberOf(needs.anchor);
  if (needs.anchor !== undefined) {
    const { checkpoint } = parseSignedCheckpoint(needs.anchor);
    if (anchorLog > last.number || (anchorLog === last.number && checkpoint.treeSize > last.size()))
      return { anchorLog, reason: 'behind' };
    if (anchorLog === last.number && !Buffer.from(checkpoint.root).equals(last.rootAt(checkpoint.treeSize)))
      return { anchorLog, reason: 'forked' };
  }
  return needs.afterRestore && last.size() > 0 ? { anchorLog, reason: 'operator' } : undefined;
}

function logNumberOf(checkpoint: string): number {
  const number = Number(parseSignedCheckpoint(checkpoint).checkpoint.origin.split('/').at(-1));
  return Number.isSafeInteger(number) ? number : 0;
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
