import type { Finding, Source } from './origins.ts';
import type { Mandate } from './mandate.ts';
import { formOf, hostOf, plainSpelling } from './spellings.ts';

/**
 * Who chose a value, the person first:
 * - `none`: there is none;
 * - `named`: the person wrote it, as whom or what it is for; or it is the person;
 * - `looked_up`: a trusted directory gave it for a name the person wrote, or gave all where the person said all; or an address at a host the
 *   person named;
 * - `found`: it stands in a result that the person's own words asked for;
 * - `listed`: a trusted directory has it, and the agent took it;
 * - `mentioned`: the person wrote it, beside: `the file from Alice`;
 * - `seen`: it stands in what others wrote;
 * - `made`: nowhere: the agent made it, from who knows what.
 */
export const standings = ['none', 'named', 'looked_up', 'found', 'listed', 'mentioned', 'seen', 'made'] as const;
export type Standing = (typeof standings)[number];

/** A value of a call that decides something, with whose it is. */
export type JudgedValue = {
  readonly argument: string;
  readonly text: string;
  readonly standing: Standing;
  readonly finding: Finding;
};

export function worstStanding(values: readonly { readonly standing: Standing }[]): Standing {
  return values.reduce<Standing>(
    (worst, { standing }) => (standings.indexOf(standing) > standings.indexOf(worst) ? standing : worst),
    'none',
  );
}

export function judgeStanding({
  text,
  finding,
  mandate,
  own,
  isForEverybody,
  isThing = false,
  isSent = false,
}: {
  readonly text: string;
  readonly finding: Finding;
  readonly mandate: Mandate;
  readonly own: ReadonlySet<string>;
  /** The person said everybody, and this is for each of them. */
  readonly isForEverybody: boolean;
  /** A thing is named wherever the person wrote it; only for whom something goes to it matters how. */
  readonly isThing?: boolean;
  /** Something is sent there. */
  readonly isSent?: boolean;
}): Standing {
  const plain = plainSpelling(text);
  if (own.has(plain)) return 'named';
  const isWhole = finding.how !== 'in parts' && finding.how !== 'nowhere';
  if (finding.origin === 'person' && isWhole && !isFiller(plain)) {
    const { standing } = mandate.standingOf(plain, isSent);
    // In another spelling there is no place to look at: it counts as written.
    if (standing !== 'mentioned' || isThing) return 'named';
  }
  if (isThing && finding.how === 'in parts' && mandate.isInARow(plain)) return 'named';
  const form = formOf(plain);
  const host = form === undefined ? undefined : hostOf(form);
  if (host !== undefined && !isWhole && mandate.standingOf(host).standing !== 'absent') return 'looked_up';
  const sources = isWhole ? finding.sources : [];
  const trusted = sources.filter(({ origin, kind }) => origin === 'trusted' && kind === 'result');
  if (trusted.length > 0 && (isForEverybody || trusted.some(isAskedFor))) return 'looked_up';
  if (sources.some((source) => source.kind === 'result' && isAskedFor(source))) return 'found';
  if (trusted.length > 0) return 'listed';
  if (finding.origin === 'person' && isWhole) return 'mentioned';
  return sources.length > 0 ? 'seen' : 'made';
}

/** One of many who are where the person named is chosen by the agent. */
function isAskedFor({ isNamed, isMembers }: Source): boolean {
  return isNamed === true && isMembers !== true;
}

/** A word that stands in any prompt names nobody. */
function isFiller(plain: string): boolean {
  return fillers.has(plain) || (plain.length < 2 && !/\d/.test(plain));
}

const fillers = new Set(
  'the a an and or to of in on at for from by with is are be it this that my me you your please i we us all any each every do can not no yes if then so as also new one two them they he she his her'.split(
    ' ',
  ),
);
