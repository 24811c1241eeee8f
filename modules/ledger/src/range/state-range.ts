import type { VerifiedRange } from './verify-range.ts';

/** What a verified file proves and what it does not, in words for whoever reads it. */
export type RangeStatement = { readonly proven: readonly string[]; readonly notProven: readonly string[] };

export function stateRange(range: VerifiedRange): RangeStatement {
  const { claim, counts, from, to, origin, treeSize, keyGiven } = range;
  const which = [
    ...(claim.sources.length === 0 ? [] : [`of ${listed([...new Set(claim.sources.map(({ name }) => name))])}`]),
    ...(claim.classes.length === 0
      ? []
      : [`of class${claim.classes.length === 1 ? '' : 'es'} ${claim.classes.join(', ')}`]),
    ...timeWords(range),
  ].join(' ');
  const proven = [
    keyGiven
      ? `The entries ${from} to ${to - 1} of log ${origin} are all here, ${counts.entries} leaves without a gap, as its signed tree of ${treeSize} entries holds them.`
      : `The entries ${from} to ${to - 1} are all here, ${counts.entries} leaves without a gap, as a tree of ${treeSize} entries holds them that somebody signed as ${origin}.`,
    `Of these, ${counted(counts.claimed, 'event')} ${counts.claimed === 1 ? 'is' : 'are'} all the events${which === '' ? '' : ` ${which}`}: none is left out.`,
    `${counted(counts.shown, 'event')} ${counts.shown === 1 ? 'is' : 'are'} here with the content exactly as recorded.`,
  ];
  const notProven: string[] = [];
  if (!keyGiven)
    notProven.push('Who made the file: anyone can make one with a key of their own. Give the key you know.');
  if (counts.erased > 0)
    notProven.push(
      `What ${counted(counts.erased, 'event')} said whose content was erased: only the leaf is left, with time, class and source.`,
    );
  if (counts.withheld > 0)
    notProven.push(
      `What ${counted(counts.withheld, 'event')} said that whoever exported the file may not read (audit records).`,
    );
  const stated = claim.sources.filter(({ opening }) => opening === undefined);
  if (stated.length > 0)
    notProven.push(
      `That the id ${stated.length === 1 ? 'is that' : 'are those'} of ${listed([...new Set(stated.map(({ name }) => name))])}: this is the log’s word for entries of before ids could be opened.`,
    );
  if (claim.sources.length > 0 && counts.unnamedSources > 0)
    notProven.push(
      `That none of the ${counted(counts.unnamedEvents, 'event')} of ${counted(counts.unnamedSources, 'other source')} in this range, whose names are not given away, came from ${listed([...new Set(claim.sources.map(({ name }) => name))])} under a second id.`,
    );
  if (claim.query !== undefined) {
    proven.push(`The server marked ${counted(counts.matching, 'event')} as fitting the query “${claim.query}”.`);
    notProven.push(
      claim.bodies === 'all'
        ? 'The marks themselves; but the content of every other event is here too, for you to look.'
        : `That the ${counted(counts.unmatched, 'other event')} do not fit the query: the server said so, and their content is not in the file.`,
    );
  }
  if (claim.time.toMs !== undefined && to === treeSize)
    notProven.push('What came after the newest of these entries: the signed tree ended there.');
  notProven.push('Ever, by any file: that an event tells the truth, or that none was left out before it was recorded.');
  return { proven, notProven };
}

function timeWords({ claim }: VerifiedRange): string[] {
  const { fromMs, toMs } = claim.time;
  const iso = (ms: number): string => (ms <= 8.64e15 ? new Date(ms).toISOString() : `${ms} ms`);
  return [
    ...(fromMs === undefined ? [] : [`received from ${iso(fromMs)}`]),
    ...(toMs === undefined ? [] : [`${fromMs === undefined ? 'received ' : ''}before ${iso(toMs)}`]),
    ...(fromMs === undefined && toMs === undefined ? [`at ${claim.between.from} to ${claim.between.to - 1}`] : []),
  ];
}

function counted(count: number, one: string): string {
  return count === 1 ? `1 ${one}` : `${count} ${one}s`;
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, 20).map((name) => `“${name}”`);
  return names.length > shown.length ? `${shown.join(', ')} and ${names.length - shown.length} more` : shown.join(', ');
}
