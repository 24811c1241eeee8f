import { IconBan, IconCheck } from '@tabler/icons-react';
import { Clock } from '../../parts/clock.tsx';
import { printable } from '../../parts/printable.ts';
import type { Step, StepState } from './intent-words.ts';

const said: Readonly<Record<StepState, string>> = {
  done: 'Done',
  current: 'Now',
  open: 'To come',
  stopped: 'Ended',
};

/** A way with its stations: what is done, where it stands, what is to come. */
export function StepList({ steps, label }: { readonly steps: readonly Step[]; readonly label: string }) {
  return (
    <ol className="procedure" aria-label={label}>
      {steps.map(({ title, text, state, atMs }) => (
        <li key={title} data-state={state} aria-current={state === 'current' ? 'step' : undefined}>
          <span className="procedure-mark" aria-hidden="true">
            {state === 'done' ? <IconCheck size={14} stroke={2.4} /> : null}
            {state === 'stopped' ? <IconBan size={14} stroke={2} /> : null}
          </span>
          <span>
            <strong>{title}</strong> <span className="visually-hidden">{said[state]}</span>
            <span className="small quiet procedure-text">
              {printable(text)}
              {atMs === undefined ? null : (
                <>
                  , <Clock at={atMs} short={false} />
                </>
              )}
            </span>
          </span>
        </li>
      ))}
    </ol>
  );
}
