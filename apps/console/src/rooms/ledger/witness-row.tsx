import { Button } from '@mantine/core';
import {
  IconAlertTriangle,
  IconCircleCheck,
  IconCircleDashed,
  IconCloudOff,
  IconHandStop,
  IconKey,
} from '@tabler/icons-react';
import { Clock } from '../../parts/clock.tsx';
import { printable } from '../../parts/printable.ts';
import { seenWords, stateWords } from './witness-words.ts';
import type { Witness, WitnessesReport } from './witnesses-query.ts';

const icons = {
  cosigning: IconCircleCheck,
  waiting: IconCircleDashed,
  away: IconCloudOff,
  unknown_log: IconKey,
  wrong: IconAlertTriangle,
  refusing: IconHandStop,
} as const;

export function WitnessRow({
  witness,
  log,
  isAsking,
  onAsk,
  onRemove,
}: {
  readonly witness: Witness;
  readonly log: WitnessesReport['log'];
  readonly isAsking: boolean;
  readonly onAsk?: () => void;
  readonly onRemove?: () => void;
}) {
  const Icon = icons[witness.state];
  const { word, tone } = stateWords[witness.state];
  return (
    <li className="witness">
      <span className="line-main">
        <span className="line-name">
          {printable(witness.name)}{' '}
          <span className={`state-mark ${tone}`}>
            <Icon size={16} stroke={1.8} aria-hidden="true" /> {word}
          </span>
        </span>
        <span className="quiet small">
          {seenWords(witness, log.size)}
          {witness.cosigned_at === null ? null : (
            <>
              , <Clock at={witness.cosigned_at} short={false} />
            </>
          )}{' '}
          · {witness.url}
          {witness.same_machine ? ' · on this very machine: it shares its fate' : ''}
        </span>
        {witness.problem === null || witness.state === 'unknown_log' ? null : (
          <span className="small">{printable(witness.problem.message)}.</span>
        )}
        {witness.state === 'unknown_log' ? <code className="small command">{registerCommand(log)}</code> : null}
      </span>
      {onAsk === undefined || onRemove === undefined ? null : (
        <span className="row">
          <Button size="compact-sm" variant="default" loading={isAsking} onClick={onAsk}>
            Ask now
          </Button>
          <Button size="compact-sm" variant="default" onClick={onRemove} aria-label={`Remove ${witness.name}`}>
            Remove
          </Button>
        </span>
      )}
    </li>
  );
}

/** What whoever runs the witness types there. */
export function registerCommand({ verifier_key: key, follows }: WitnessesReport['log']): string {
  return `sallyport witness logs add '${key}'${follows === null ? '' : ` --succeeds '${follows}'`}`;
}
