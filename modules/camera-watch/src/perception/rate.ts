import type { Clock } from '@sallyport/platform/clock';

const windowSeconds = 10;

/** How often something happened in the last ten seconds. */
export function createRate(clock: Clock): { count(): void; perSecond(): number } {
  const seconds = new Map<number, number>();
  const now = (): number => Math.floor(clock.monotonicMs() / 1000);
  return {
    count() {
      const second = now();
      seconds.set(second, (seconds.get(second) ?? 0) + 1);
      for (const old of seconds.keys()) if (old <= second - windowSeconds) seconds.delete(old);
    },
    perSecond() {
      const second = now();
      const counted = [...seconds].filter(([at]) => at > second - windowSeconds).map(([, count]) => count);
      return counted.reduce((sum, count) => sum + count, 0) / windowSeconds;
    },
  };
}
