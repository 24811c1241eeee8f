import { Clock } from '../../parts/clock.tsx';
import { formatCount } from '../../parts/numbers.ts';
import { isUnderWay } from './hunts-query.ts';
import type { ShownHunt } from './hunts-query.ts';

const words: Readonly<Record<ShownHunt['state'], string>> = {
  waiting: 'Waiting',
  running: 'Under way',
  done: 'Done',
  cancelled: 'Ended early',
  failed: 'Failed',
};
const rulesWords: Readonly<Record<ShownHunt['rules'], string>> = {
  all: 'all rules in force',
  named: 'chosen rules',
  typed: 'a rule of its own',
};

/** How far a hunt is, in a bar and in words. */
export function HuntProgress({ hunt }: { readonly hunt: ShownHunt }) {
  const left = hunt.left_ms === undefined ? '' : `, about ${leftWords(hunt.left_ms)} left`;
  return (
    <div className="stack tight">
      <div className="row spread">
        <strong>
          {words[hunt.state]}
          {hunt.reason === undefined ? '' : `: ${hunt.reason}`}
        </strong>
        <span className="quiet small">
          {rulesWords[hunt.rules]}
          {hunt.q === undefined ? '' : ` on ${hunt.q}`} · {hunt.by} · <Clock at={hunt.started} />
        </span>
      </div>
      <progress className="hunt-progress" max={100} value={hunt.percent} aria-label="Progress of the hunt" />
      <span className="small quiet">
        {`${formatCount(hunt.looked_at)} of ${formatCount(hunt.events)} events, ${formatCount(Math.round(hunt.bytes / 1_000_000))} MB`}
        {isUnderWay(hunt) ? left : ` in ${leftWords(hunt.busy_ms)}`}
      </span>
    </div>
  );
}

function leftWords(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  return seconds < 90 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
}
