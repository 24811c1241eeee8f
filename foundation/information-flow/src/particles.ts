// Verbs of two words: `call off` asks for no call, `take the listing offline` for no taking along.

type Particle = {
  readonly verbs: ReadonlySet<string>;
  readonly particles: ReadonlySet<string>;
  /** One word for both. */
  readonly means: string;
  /** Nothing stands between. */
  readonly isClose?: boolean;
};

const words = (text: string): ReadonlySet<string> => new Set(text.split(' '));

const table: readonly Particle[] = [
  { verbs: words('call'), particles: words('off'), means: 'cancel' },
  { verbs: words('take pull'), particles: words('offline down'), means: 'withdraw' },
  { verbs: words('put'), particles: words('online live'), means: 'publish' },
  { verbs: words('put push'), particles: words('off back'), means: 'postpone' },
  { verbs: words('bring'), particles: words('forward'), means: 'reschedule' },
  { verbs: words('set'), particles: words('up'), means: 'create', isClose: true },
  { verbs: words('turn switch'), particles: words('on'), means: 'enable' },
  { verbs: words('turn switch'), particles: words('off'), means: 'disable' },
  { verbs: words('get'), particles: words('rid'), means: 'remove', isClose: true },
  { verbs: words('give'), particles: words('access permission rights'), means: 'grant' },
  { verbs: words('write note jot'), particles: words('down'), means: 'record', isClose: true },
  { verbs: words('fill'), particles: words('in out'), means: 'complete', isClose: true },
  { verbs: words('let'), particles: words('know'), means: 'inform' },
  { verbs: words('hand'), particles: words('over'), means: 'give' },
];

const farthest = 6;

/**
 * The same words with the verb of each such pair in one word, at the place of the verb. The particle stays where it is. What stands between is
 * looked at until the sentence or the clause ends.
 */
export function withWholeVerbs(spoken: readonly string[]): string[] {
  return spoken.map((word, at) => {
    const near = spoken.slice(at + 1, at + 1 + farthest);
    const end = near.findIndex((next) => /^[.!?;:,]$/.test(next) || next === 'and' || next === 'then');
    const clause = end < 0 ? near : near.slice(0, end);
    const found = table.find(
      ({ verbs, particles, isClose }) =>
        verbs.has(word) && (isClose === true ? clause.slice(0, 1) : clause).some((next) => particles.has(next)),
    );
    return found?.means ?? word;
  });
}
