import { textOf, textsOf } from '@sallyport/contracts';
import type { JsonObject } from '@sallyport/contracts';
import type { FrameBody, FrameHandlers } from '@sallyport/platform/frames';
import type { LogSet } from './log-set.ts';

/** What a data key has sealed, over all logs. */
export type SealedByKey = {
  readonly dataKeyId: string;
  readonly events: number;
  /** Of sealed blocks on the disk. */
  readonly bytes: number;
  readonly firstMs: number;
  readonly lastMs: number;
};

/** Entries of one log from index `from` up to `to`, not included, sealed under one key. `events` leaves the blocks' own entries out. */
export type SealedRange = { readonly log: number; readonly from: number; readonly to: number; readonly events: number };

/** The sealer tells which entries hang on a data key, and drops what it opened under those that were destroyed. */
export function createSealedFrames(logs: () => LogSet): FrameHandlers {
  return {
    'sealed.keys': () => {
      const keys = logs().all.flatMap((log) => log.sealedKeys());
      return { head: {}, payload: Buffer.from(JSON.stringify(keys)) };
    },
    'sealed.ranges': ({ head: request }) => {
      const numbers = logs().all.map(({ number }) => number);
      const number = Number(request['log'] ?? numbers[0]);
      const { ranges, next } = logs()
        .get(number)
        ?.sealedRanges(textOf(request['key']), Number(request['from'] ?? 0)) ?? { ranges: [], next: undefined };
      const later = numbers.find((one) => one > number);
      const goOn =
        next === undefined ? (later === undefined ? {} : { log: later, from: 0 }) : { log: number, from: next };
      return {
        head: goOn,
        payload: Buffer.from(JSON.stringify(ranges.map(({ from, to, events }) => [number, from, to, events]))),
      };
    },
    'sealed.forget': ({ head: request }) => {
      const ids = new Set(textsOf(request['keys']));
      for (const log of logs().all) log.forget(ids);
      return { head: {} };
    },
  };
}

/** The same from the server's side. */
export type SealedClient = {
  /** Every data key that has sealed anything. */
  sealedKeys(): Promise<readonly SealedByKey[]>;
  /** All entries sealed under a key, in order. */
  sealedRanges(dataKeyId: string): Promise<readonly SealedRange[]>;
  /** Wipes what was opened under keys that were destroyed. */
  forgetSealed(dataKeyIds: readonly string[]): Promise<void>;
};

export function createSealedClient(call: (method: string, request: FrameBody) => Promise<FrameBody>): SealedClient {
  return {
    async sealedKeys() {
      const { payload } = await call('sealed.keys', { head: {} });
      const byId = new Map<string, SealedByKey>();
      for (const key of listIn(payload).map(keyOf)) {
        const known = byId.get(key.dataKeyId);
        byId.set(key.dataKeyId, known === undefined ? key : joined(known, key));
      }
      return [...byId.values()];
    },
    async sealedRanges(key) {
      const ranges: SealedRange[] = [];
      for (let at: JsonObject | undefined = {}; at !== undefined;) {
        const { head, payload }: FrameBody = await call('sealed.ranges', { head: { ...at, key } });
        for (const range of listIn(payload).map(rangeOf)) {
          const before = ranges.at(-1);
          // Cut where one answer ended, not where anything else lies between.
          if (before !== undefined && before.log === range.log && before.to === range.from)
            ranges[ranges.length - 1] = { ...before, to: range.to, events: before.events + range.events };
          else ranges.push(range);
        }
        at = head['log'] === undefined ? undefined : { log: Number(head['log']), from: Number(head['from']) };
      }
      return ranges;
    },
    async forgetSealed(keys) {
      await call('sealed.forget', { head: { keys: [...keys] } });
    },
  };
}

function joined(one: SealedByKey, other: SealedByKey): SealedByKey {
  return {
    dataKeyId: one.dataKeyId,
    events: one.events + other.events,
    bytes: one.bytes + other.bytes,
    firstMs: Math.min(one.firstMs, other.firstMs),
    lastMs: Math.max(one.lastMs, other.lastMs),
  };
}

function listIn(payload: Uint8Array | undefined): readonly unknown[] {
  const value: unknown = payload === undefined ? [] : JSON.parse(Buffer.from(payload).toString('utf8'));
  return Array.isArray(value) ? value : [];
}

function keyOf(value: unknown): SealedByKey {
  const fields = new Map<string, unknown>(Object.entries(value ?? {}));
  return {
    dataKeyId: String(fields.get('dataKeyId')),
    events: Number(fields.get('events')),
    bytes: Number(fields.get('bytes')),
    firstMs: Number(fields.get('firstMs')),
    lastMs: Number(fields.get('lastMs')),
  };
}

function rangeOf(value: unknown): SealedRange {
  const [log = 0, from = 0, to = 0, events = 0] = Array.isArray(value) ? value.map(Number) : [];
  return { log, from, to, events };
}
