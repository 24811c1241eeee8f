import { isJsonObject, textOf, textsOf } from '@sallyport/contracts';
import type { JsonObject, JsonValue } from '@sallyport/contracts';
import { HASH_BYTES } from '@sallyport/merkle-log';
import type { FrameBody, FrameHandlers } from '@sallyport/platform/frames';
import type { NameIds } from '../name-ids.ts';
import type { OpenedRange, RangeBounds, RangeFilter, RangeProver, RangeSurvey } from './range-prover.ts';
import { decodeRangeEntries } from './range-entries.ts';
import type { StoredRangeEntry } from './range-entries.ts';
import type { RangeSource } from './range-format.ts';

/** A part of a log as the server asks the sealer for it. */
export type RangeReader = {
  open(
    log: number,
    bounds: RangeBounds,
    signed: {
      readonly cosigned: { checkpoint: string; witnessKeys: readonly string[] } | undefined;
      witnessed: boolean;
    },
  ): Promise<OpenedRange>;
  /** Each name with its ids: one that can be opened, and the one of before. */
  sources(names: readonly string[]): Promise<readonly RangeSource[]>;
  survey(log: number, at: number, until: number, filter: RangeFilter): Promise<RangeSurvey>;
  slice(
    log: number,
    at: number,
    until: number,
    filter: RangeFilter,
  ): Promise<{ readonly next: number; readonly entries: readonly StoredRangeEntry[] }>;
};

/** The sealer's end. */
export function rangeHandlers(needs: {
  readonly rangeOf: (log: JsonValue | undefined) => RangeProver;
  readonly names: () => NameIds;
}): FrameHandlers {
  return {
    'range.open': ({ head }) => {
      const { checkpoint, witness_keys: witnessKeys } = head;
      const opened = needs.rangeOf(head['log']).open(boundsOf(head), {
        cosigned: typeof checkpoint === 'string' ? { checkpoint, witnessKeys: textsOf(witnessKeys) } : undefined,
        witnessed: head['witnessed'] === true,
      });
      return {
        head: {
          from: opened.from,
          to: opened.to,
          first: opened.between.from,
          past: opened.between.to,
          left: opened.left.length,
          checkpoint: opened.checkpoint,
          witness_keys: [...opened.witnessKeys],
        },
        payload: Buffer.concat([...opened.left, ...opened.proof]),
      };
    },
    'range.sources': ({ head }) => ({
      head: { sources: textsOf(head['names']).map((name) => sourceOf(needs.names(), name)) },
    }),
    'range.survey': ({ head }) => {
      const { sourceIds, plainBytes, ...survey } = needs
        .rangeOf(head['log'])
        .survey(Number(head['at']), Number(head['until']), filterOf(head));
      return { head: { ...survey, plain_bytes: plainBytes, sources: [...sourceIds] } };
    },
    'range.slice': ({ head }) => {
      const { next, entries } = needs
        .rangeOf(head['log'])
        .slice(Number(head['at']), Number(head['until']), filterOf(head));
      return { head: { next }, payload: entries };
    },
  };
}

function sourceOf(names: NameIds, name: string): JsonObject {
  return {
    name,
    id: names('collector', name).toString('hex'),
    opening: names.openingOf(name).toString('base64'),
    former: names.formerIdOf(name).toString('hex'),
  };
}

/** The server's end. */
export function createRangeReader(
  call: (method: string, request: { head: JsonObject }) => Promise<FrameBody>,
): RangeReader {
  return {
    async open(log, bounds, { cosigned, witnessed }) {
      const { kind, ...rest } = bounds;
      const reply = await call('range.open', {
        head: {
          log,
          kind,
          ...definedOf(rest),
          witnessed,
          ...(cosigned === undefined
            ? {}
            : { checkpoint: cosigned.checkpoint, witness_keys: [...cosigned.witnessKeys] }),
        },
      });
      const payload = Buffer.from(reply.payload ?? new Uint8Array());
      const hashes = Array.from({ length: payload.length / HASH_BYTES }, (_, at) =>
        payload.subarray(at * HASH_BYTES, (at + 1) * HASH_BYTES),
      );
      const left = Number(reply.head['left']);
      return {
        from: Number(reply.head['from']),
        to: Number(reply.head['to']),
        between: { from: Number(reply.head['first']), to: Number(reply.head['past']) },
        left: hashes.slice(0, left),
        proof: hashes.slice(left),
        checkpoint: textOf(reply.head['checkpoint']),
        witnessKeys: textsOf(reply.head['witness_keys']),
      };
    },
    async sources(names) {
      const { sources } = (await call('range.sources', { head: { names: [...names] } })).head;
      if (!Array.isArray(sources)) return [];
      return sources.filter(isJsonObject).flatMap((one) => {
        const name = textOf(one['name']);
        const id = Buffer.from(textOf(one['id']), 'hex');
        const former = Buffer.from(textOf(one['former']), 'hex');
        return [
          { name, id, opening: Buffer.from(textOf(one['opening']), 'base64') },
          { name, id: former, opening: undefined },
        ];
      });
    },
    async survey(log, at, until, filter) {
      const { head } = await call('range.survey', { head: { log, at, until, ...headOf(filter) } });
      return {
        next: Number(head['next']),
        claimed: Number(head['claimed']),
        plainBytes: Number(head['plain_bytes']),
        sourceIds: textsOf(head['sources']),
      };
    },
    async slice(log, at, until, filter) {
      const { head, payload = new Uint8Array() } = await call('range.slice', {
        head: { log, at, until, ...headOf(filter) },
      });
      return { next: Number(head['next']), entries: decodeRangeEntries(payload) };
    },
  };
}

function boundsOf(head: JsonObject): RangeBounds {
  if (head['kind'] === 'positions') return { kind: 'positions', from: Number(head['from']), to: Number(head['to']) };
  return { kind: 'times', fromMs: optional(head['fromMs']), toMs: optional(head['toMs']) };
}

function headOf({ between, time, classes, sourceIds }: RangeFilter): JsonObject {
  return {
    first: between.from,
    past: between.to,
    ...definedOf(time),
    classes: [...classes],
    sources: [...sourceIds],
  };
}

function filterOf(head: JsonObject): RangeFilter {
  const { classes } = head;
  return {
    between: { from: Number(head['first']), to: Number(head['past']) },
    time: { fromMs: optional(head['fromMs']), toMs: optional(head['toMs']) },
    classes: Array.isArray(classes) ? classes.map(Number) : [],
    sourceIds: textsOf(head['sources']),
  };
}

function optional(value: JsonValue | undefined): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

function definedOf(values: Readonly<Record<string, number | undefined>>): JsonObject {
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}
