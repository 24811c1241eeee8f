import { createTokenBucket } from '@sallyport/platform/token-bucket';
import type { Expectation } from './source-settings.ts';

/** Which of the sources that fell silent together are told by themselves, and which in one event. */
export type SilencePlan<Source> = { readonly alone: readonly Source[]; readonly together: readonly Source[] };

/** So many at once, or in an hour, are one event: a network that failed is one thing to look at, not a thousand. */
const mostAlone = { perSecond: 20 / 3600, burst: 20 };
const mostAtOnce = 10;
/** What people said to be missed always is told by itself, whatever else somebody silences beside it. */
const mostAlways = { perSecond: 100 / 3600, burst: 100 };

export function createSilencePlanner(
  nowMs: () => number,
): <Source extends { readonly expected: Expectation }>(silent: readonly Source[]) => SilencePlan<Source> {
  const byRhythm = createTokenBucket(mostAlone, nowMs());
  const always = createTokenBucket(mostAlways, nowMs());
  return (silent) => {
    const now = nowMs();
    const isCrowd = silent.filter(({ expected }) => expected !== 'always').length > mostAtOnce;
    const isAlone = new Set(
      silent.filter(({ expected }) =>
        expected === 'always' ? always.take(now, 1) : !isCrowd && byRhythm.take(now, 1),
      ),
    );
    return { alone: [...isAlone], together: silent.filter((source) => !isAlone.has(source)) };
  };
}
