import { Button } from '@mantine/core';
import { IconFileShredder, IconGavel } from '@tabler/icons-react';
import { plural } from '../../parts/numbers.ts';
import { printable } from '../../parts/printable.ts';
import { beltOf, beltWords } from './class-belt.ts';
import { keptWords } from './class-words.ts';
import { keepWords } from './intent-words.ts';
import type { RetentionClass } from './retention-query.ts';

/** One class as a belt: today comes on at the left, and what reaches the right end is destroyed. */
export function ClassRow({
  of,
  today,
  longestDays,
  onChange,
  onOpenIntent,
}: {
  readonly of: RetentionClass;
  /** The UTC day by the ledger's clock. */
  readonly today: string;
  readonly longestDays: number;
  readonly onChange?: () => void;
  readonly onOpenIntent: (id: string) => void;
}) {
  const shape = {
    keepDays: of.keep_days,
    oldestDay: of.kept.oldest_day ?? undefined,
    newestDay: of.kept.newest_day ?? undefined,
  };
  const belt = beltOf(shape, today, longestDays);
  const percent = (share: number): string => `${(share * 100).toFixed(2)}%`;
  return (
    <li className="class-row">
      <div className="row spread">
        <span>
          <strong className="class-name">{of.name}</strong> <span className="quiet small">{of.about}</span>
        </span>
        <span className="row nowrap">
          <span className="class-days">{keepWords(of.keep_days)}</span>
          {onChange === undefined ? null : (
            <Button
              size="compact-sm"
              variant="default"
              aria-label={`Change how long ${of.name} is kept`}
              onClick={onChange}
            >
              Change…
            </Button>
          )}
        </span>
      </div>
      <div className="belt" aria-hidden="true">
        <div className="belt-track" data-endless={belt.isEndless} style={{ width: percent(belt.length * 0.86) }}>
          {of.kept.days === 0 ? null : (
            <div
              className="belt-fill"
              style={{ left: percent(belt.from), width: percent(Math.max(0, belt.to - belt.from)) }}
            />
          )}
          <span className="belt-today">today</span>
          <span className="belt-end">{belt.isEndless ? 'for ever' : plural(of.keep_days ?? 0, 'day')}</span>
        </div>
        {belt.isEndless ? null : (
          <span className="belt-bin" data-due={of.due_days > 0}>
            <IconFileShredder size={20} stroke={1.6} />
          </span>
        )}
      </div>
      <p className="small">
        {beltWords(shape, belt)} {of.kept.days === 0 ? null : <span className="quiet">{keptWords(of)}.</span>}
      </p>
      <div className="row small">
        {of.due_days === 0 ? null : <span className="state-mark warn">{plural(of.due_days, 'day')} due</span>}
        {of.held_days === 0 ? null : (
          <span className="state-mark warn">
            <IconGavel size={16} stroke={1.8} aria-hidden="true" /> {plural(of.held_days, 'day')} held
          </span>
        )}
        {of.erased.days === 0 ? null : (
          <span className="quiet">
            {plural(of.erased.days, 'day')} with {plural(of.erased.events, 'entry', 'entries')} erased so far
          </span>
        )}
        {of.sources.length === 0 ? null : (
          <span className="quiet">Sources: {of.sources.map((name) => printable(name)).join(', ')}</span>
        )}
        {of.waiting.map((step) => (
          <button key={step.id} type="button" className="plain-button" onClick={() => onOpenIntent(step.id)}>
            {keepWords(step.keep_days)} asked for, {step.signatures} of 2 have signed
          </button>
        ))}
      </div>
    </li>
  );
}
