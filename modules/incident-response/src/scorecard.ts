import type { RuleTally } from './rule-tally.ts';

/** What a rule is worth, by what people said of its alerts. */
export type Verdict = 'keep' | 'tune' | 'retire';

export type Judgement = {
  /** Closed alerts of which somebody said what they were. */
  readonly judged: number;
  /** False positives among them; undefined when there is none. */
  readonly falsePositiveRatio: number | undefined;
  readonly verdict: Verdict;
  /** Which rule of thumb decided, with its numbers. */
  readonly reason: string;
};

/** Fewer judged alerts than this say nothing. */
const leastToTune = 5;
const leastToRetire = 20;
/** More findings a day than people look at. */
const loudADay = 500;

/**
 * Retire: 20 or more judged, none an attack, nine of ten false. Tune: 5 or more judged and half of them false, or none an attack; or
 * 500 findings a day. Keep: everything else, also what too few have judged.
 */
export function judge({ dispositions, firesInDay }: Pick<RuleTally, 'dispositions' | 'firesInDay'>): Judgement {
  const { true_positive: attacks, false_positive: wrong, benign, expected } = dispositions;
  const judged = attacks + wrong + benign + expected;
  const falsePositiveRatio = judged === 0 ? undefined : wrong / judged;
  const verdictOf = (): readonly [Verdict, string] => {
    if (judged >= leastToRetire && attacks === 0 && wrong / judged >= 0.9)
      return ['retire', `${wrong} of ${judged} judged alerts were false and none was an attack`];
    if (judged >= leastToTune && wrong / judged >= 0.5)
      return ['tune', `${wrong} of ${judged} judged alerts were false`];
    if (judged >= leastToTune && attacks === 0) return ['tune', `none of ${judged} judged alerts was an attack`];
    if (firesInDay >= loudADay) return ['tune', `${firesInDay} findings in 24 hours are more than people look at`];
    if (judged < leastToTune) return ['keep', `${judged} judged, ${leastToTune} are needed to say more`];
    return ['keep', `${attacks} of ${judged} judged alerts were attacks`];
  };
  const [verdict, reason] = verdictOf();
  return { judged, falsePositiveRatio, verdict, reason };
}
