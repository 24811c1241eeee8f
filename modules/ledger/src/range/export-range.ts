import { isSealedBody, parseJson } from '@sallyport/contracts';
import { isAuditRecord } from '../audit-event.ts';
import { LedgerError } from '../errors.ts';
import type { EvidenceOpenings } from '../evidence-openings.ts';
import { formatRangeEntry, formatRangeHead, hexOf, maxRangeEntries, rangeEnd } from './range-format.ts';
import type { RangeEntry, RangeHead, RangeSource } from './range-format.ts';
import type { StoredRangeEntry } from './range-entries.ts';
import type { RangeReader } from './range-frames.ts';
import type { CosignedCheckpoint } from '../log-prover.ts';
import type { OpenedRange, RangeBounds, RangeFilter } from './range-prover.ts';

export type RangeRequest = {
  readonly log: number;
  readonly bounds: RangeBounds;
  /** Names of collectors; none means events of any. */
  readonly sources: readonly string[];
  readonly classes: readonly number[];
  /** Give away the names of the other sources of the range, as far as they are known here. */
  readonly nameOthers: boolean;
  readonly witnessed: boolean;
  readonly bodies: 'all' | 'matches';
  readonly query:
    | {
        readonly text: string;
        /** Of the events at positions [from, to) of the log those that fit. */
        readonly matches: (from: number, to: number) => Promise<ReadonlySet<number>>;
      }
    | undefined;
  /** Else the content of audit records is withheld. */
  readonly mayReadAudit: boolean;
  readonly limits: { readonly maxEntries: number; readonly maxContentBytes: number };
};

export type RangeExport = {
  readonly head: RangeHead;
  readonly claimed: number;
  /** The file, in parts of some megabytes. Reads the ledger as it is taken. */
  parts(): AsyncGenerator<string, void>;
};

export const rangeLimits = { maxEntries: maxRangeEntries, maxContentBytes: 512 * 1024 * 1024 } as const;

/**
 * Evidence of a whole range, as `verify-range.ts` reads it. Everything that can refuse it does so before the first part: throws
 * `LedgerError` `evidence_too_large`, `not_found`, `unsigned`, and what `query.matches` throws.
 */
export async function exportRange(
  needs: {
    readonly ranges: RangeReader;
    readonly verifierKey: (log: number) => Promise<string>;
    /** The newest that enough witnesses cosigned; with an entry, the one to prove it by, with the time-stamps about it. */
    readonly cosigned: (log: number, index?: number) => Promise<CosignedCheckpoint | undefined>;
    /** What the sealed texts of a marked body say, as far as anybody here can tell. */
    readonly openings?: (marked: string) => Promise<EvidenceOpenings>;
    /** Collectors whose names may stand in a file. */
    readonly knownSources: () => Promise<readonly string[]>;
  },
  request: RangeRequest,
): Promise<RangeExport> {
  const { ranges } = needs;
  const { log, bounds, classes, query, limits } = request;
  const verifierKey = await needs.verifierKey(log);
  const { opened, timeStamps } = await open();
  const { from, to, between } = opened;
  if (to - from > limits.maxEntries)
    throw tooLarge(`it has ${to - from} entries, must have at most ${limits.maxEntries}`);
  const asked = request.sources.length === 0 ? [] : await ranges.sources(request.sources);
  const time =
    bounds.kind === 'times' ? { fromMs: bounds.fromMs, toMs: bounds.toMs } : { fromMs: undefined, toMs: undefined };
  const filter: RangeFilter = { between, time, classes, sourceIds: asked.map(({ id }) => hexOf(id)) };
  const surveyed = await survey();
  const isPresent = ({ id, opening }: RangeSource): boolean =>
    opening !== undefined || surveyed.sourceIds.has(hexOf(id));
  const sources = asked.filter(isPresent);
  const askedNames = new Set(request.sources);
  const others = request.nameOthers ? (await needs.knownSources()).filter((name) => !askedNames.has(name)) : [];
  const named = (others.length === 0 ? [] : await ranges.sources(others)).filter(({ id }) =>
    surveyed.sourceIds.has(hexOf(id)),
  );
  const matches = await query?.matches(between.from, between.to);
  const head: RangeHead = {
    verifierKey,
    witnessKeys: opened.witnessKeys,
    timeStamps,
    checkpoint: opened.checkpoint,
    from,
    to,
    left: opened.left,
    proof: opened.proof,
    claim: { between, time, classes, sources, named, query: query?.text, bodies: request.bodies },
  };

  return {
    head,
    claimed: surveyed.claimed,
    async *parts() {
      yield formatRangeHead(head);
      for (let at = from; at < to;) {
        const { next, entries } = await ranges.slice(log, at, to, filter);
        const lines: string[] = [];
        for (const [order, entry] of entries.entries()) {
          const one = await withOpenings(shown(entry, at + order));
          lines.push(`${formatRangeEntry(one)}\n`);
        }
        yield lines.join('');
        at = next;
      }
      yield `${rangeEnd}\n`;
    },
  };

  /** Against a checkpoint somebody outside dated, where one covers just this range: nothing may be left out for its sake. */
  async function open(): Promise<{ readonly opened: OpenedRange; readonly timeStamps: readonly Uint8Array[] }> {
    const { witnessed } = request;
    const newest = await ranges.open(log, bounds, { cosigned: await needs.cosigned(log), witnessed });
    const stamped = await needs.cosigned(log, newest.to - 1);
    const undated = { opened: newest, timeStamps: [] };
    if (stamped?.timeStamps === undefined || stamped.timeStamps.length === 0) return undated;
    const dated = await ranges.open(log, bounds, { cosigned: stamped, witnessed });
    const isSame =
      dated.checkpoint === stamped.checkpoint &&
      [dated.from, dated.to, dated.between.from, dated.between.to].join() ===
        [newest.from, newest.to, newest.between.from, newest.between.to].join();
    if (!isSame) return undated;
    return { opened: dated, timeStamps: stamped.timeStamps.map((token) => Buffer.from(token, 'base64')) };
  }

  async function survey(): Promise<{ readonly claimed: number; readonly sourceIds: ReadonlySet<string> }> {
    const sourceIds = new Set<string>();
    let claimed = 0;
    let plainBytes = 0;
    for (let at = from; at < to;) {
      const found = await ranges.survey(log, at, to, filter);
      for (const id of found.sourceIds) sourceIds.add(id);
      claimed += found.claimed;
      plainBytes += found.plainBytes;
      if (plainBytes > limits.maxContentBytes)
        throw tooLarge(`its events have more than ${limits.maxContentBytes} bytes`);
      at = found.next;
    }
    return { claimed, sourceIds };
  }

  async function withOpenings(entry: RangeEntry): Promise<RangeEntry> {
    if (needs.openings === undefined || !('body' in entry) || !isSealedBody(entry.body)) return entry;
    return { ...entry, openings: await needs.openings(Buffer.from(entry.body).toString('utf8')) };
  }

  function shown(entry: StoredRangeEntry, index: number): RangeEntry {
    if (entry.kind !== 'content') return entry;
    const { leaf } = entry;
    const isMatch = matches?.has(index) === true;
    if (matches !== undefined && !isMatch && request.bodies === 'matches') return { kind: 'unmatched', leaf };
    if (!request.mayReadAudit && isAuditRecord(parseJson(Buffer.from(entry.body).toString())))
      return { kind: 'withheld', leaf };
    return { ...entry, kind: isMatch ? 'match' : 'content' };
  }
}

function tooLarge(why: string): LedgerError {
  return new LedgerError('evidence_too_large', `Cannot make evidence of this range: ${why}`, {
    hint: 'ask for a shorter time, or name sources or classes',
  });
}
