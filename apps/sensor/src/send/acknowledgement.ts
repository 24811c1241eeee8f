import { isJsonObject, parseJson } from '@sallyport/contracts';
import type { JsonValue } from '@sallyport/contracts';
import { isCount } from '../spool/frame-content.ts';

export type Acknowledgement = {
  readonly alreadyKnown: number;
  /** Where the last of the records is. */
  readonly log: number;
  readonly index: number;
};

/** Nothing counts as recorded that the answer does not say was: the runs must follow each other from `sequence` on and cover all `count`. */
export function readAcknowledgement(body: string, sequence: number, count: number): Acknowledgement | undefined {
  let value: JsonValue;
  try {
    value = parseJson(body);
  } catch {
    return undefined;
  }
  if (!isJsonObject(value)) return undefined;
  const listed: readonly unknown[] = Array.isArray(value['runs']) ? value['runs'] : [];
  const runs = listed
    .flatMap((run) => {
      if (!isJsonObject(run)) return [];
      const { sequence: from, log, index, count: length } = run;
      return isCount(from) && isCount(log) && isCount(index) && isCount(length) ? [{ from, log, index, length }] : [];
    })
    .toSorted((left, right) => left.from - right.from);
  let covered = 0;
  let last: { log: number; index: number } | undefined;
  for (const { from, log, index, length } of runs) {
    if (from !== sequence + covered || length === 0) return undefined;
    covered += length;
    last = { log, index: index + length - 1 };
  }
  if (covered !== count || last === undefined) return undefined;
  return { alreadyKnown: isCount(value['already_known']) ? value['already_known'] : 0, ...last };
}

/**
 * What `409 sequence_conflict` says: the first of our numbers under which the server has another event. Everything before it is
 * recorded as it was sent. Undefined for any other answer, or when it names no number of this batch.
 */
export function readConflict(body: string, sequence: number, count: number): number | undefined {
  let value: JsonValue;
  try {
    value = parseJson(body);
  } catch {
    return undefined;
  }
  if (!isJsonObject(value) || value['code'] !== 'sequence_conflict' || !isJsonObject(value['details']))
    return undefined;
  const found = value['details']['conflict_sequence'];
  return isCount(found) && found >= sequence && found < sequence + count ? found : undefined;
}
