import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { isJsonObject, parseJson } from '@sallyport/contracts';
import type { JsonObject } from '@sallyport/contracts';
import type { GatedCall } from './gate.ts';

/** What went unasked, as the server takes it afterwards. Holds a digest of the arguments, never the arguments. */
export type Missed = {
  readonly server: string;
  readonly kind: GatedCall['kind'];
  readonly name: string;
  readonly at_ms: number;
  readonly input_digest: string;
  readonly session?: string;
};

/** Calls that went ahead unasked, kept on this machine until the server has heard of them. */
export type Spool = {
  /** Throws when it cannot be kept: then the call does not go. */
  keep(missed: Missed): void;
  /** Hands on what is kept, a hundred at a time, and forgets what `told` has taken. */
  drain(told: (calls: readonly Missed[]) => Promise<boolean>): Promise<void>;
};

const maxBytes = 4 * 1024 * 1024;
const atOnce = 100;

export function createSpool(file: string, { say }: { readonly say: (line: string) => void }): Spool {
  let draining: Promise<void> | undefined;
  /** Of what is being sent, what was taken: a server that comes and goes is not told the same again and again. */
  let taken = { of: '', lines: 0 };

  async function drainOnce(told: (calls: readonly Missed[]) => Promise<boolean>): Promise<void> {
    const sending = `${file}.sending`;
    // What was being sent when the gateway ended comes first: twice in the record is better than never.
    for (const from of [sending, file]) {
      if (sizeOf(from) === undefined) continue;
      if (from === file) renameSync(file, sending);
      // Another gateway of this name may have sent that one and begun the next.
      const of = identityOf(sending);
      if (taken.of !== of) taken = { of, lines: 0 };
      const lines = readFileSync(sending, 'utf8').split('\n');
      const calls = lines.map((line) => missedOf(line)).filter((call) => call !== undefined);
      const broken = lines.filter((line) => line !== '').length - calls.length;
      if (broken > 0 && taken.lines === 0) say(`${broken} lines of "${file}" cannot be read, and are left out`);
      while (taken.lines < calls.length) {
        if (!(await told(calls.slice(taken.lines, taken.lines + atOnce)))) return;
        taken.lines += atOnce;
      }
      if (identityOf(sending) === of) rmSync(sending);
    }
  }

  return {
    keep(missed) {
      if ((sizeOf(file) ?? 0) > maxBytes) throw new Error(`"${file}" is full`);
      mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
      const open = openSync(file, 'a', 0o600);
      try {
        // Begins a line of its own: half a one that a full disk left before is no part of it.
        const line = Buffer.from(`\n${JSON.stringify(missed)}\n`);
        if (writeSync(open, line) < line.length) throw new Error(`"${file}" took half a line`);
        fsyncSync(open);
      } finally {
        closeSync(open);
      }
    },
    drain(told) {
      draining ??= drainOnce(told).finally(() => {
        draining = undefined;
      });
      return draining;
    },
  };
}

function identityOf(file: string): string {
  const stat = statSync(file, { throwIfNoEntry: false });
  return stat === undefined ? 'gone' : `${stat.ino} ${stat.mtimeMs} ${stat.size}`;
}

function sizeOf(file: string): number | undefined {
  return statSync(file, { throwIfNoEntry: false })?.size;
}

function missedOf(line: string): Missed | undefined {
  if (line === '') return undefined;
  let read: unknown;
  try {
    read = parseJson(line);
  } catch {
    return undefined;
  }
  return isMissed(read) ? read : undefined;
}

function isMissed(value: unknown): value is Missed & JsonObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const field = (name: string): unknown => Reflect.get(value, name);
  const session = field('session');
  return (
    isJsonObject(value) &&
    typeof field('server') === 'string' &&
    typeof field('name') === 'string' &&
    typeof field('at_ms') === 'number' &&
    typeof field('input_digest') === 'string' &&
    ['tool', 'resource', 'prompt', 'question', 'answer'].some((kind) => kind === field('kind')) &&
    (session === undefined || typeof session === 'string')
  );
}
