import { Button, Checkbox } from '@mantine/core';
import { useState } from 'react';
import type { KeyboardEvent } from 'react';
import type { AlertRow, AlertState, Me } from '../../api/queries.ts';
import { may } from '../../app/rooms.ts';
import { Clock } from '../../parts/clock.tsx';
import { LevelMark } from '../../parts/level.tsx';
import { plural } from '../../parts/numbers.ts';
import { ProblemNotice } from '../../parts/notice.tsx';
import { Seal } from '../../seal/seal.tsx';
import { stateWords } from './state-words.ts';
import { useTriage } from './use-triage.ts';

type ListProps = {
  readonly me: Me;
  readonly alerts: readonly AlertRow[];
  readonly open: string | undefined;
  readonly onOpen: (id: string) => void;
  readonly isStale: boolean;
};

/** Focus is the cursor: j and k move it, Enter opens, x selects for the bar above. */
export function AlertList({ me, alerts, open, onOpen }: ListProps) {
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const present = alerts.filter(({ id }) => chosen.has(id));
  const toggle = (id: string): void => {
    const after = new Set(chosen);
    if (!after.delete(id)) after.add(id);
    setChosen(after);
  };
  const onKey = (event: KeyboardEvent<HTMLElement>, id: string): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const row = event.currentTarget;
    const next =
      event.key === 'j' || event.key === 'ArrowDown'
        ? row.nextElementSibling
        : event.key === 'k' || event.key === 'ArrowUp'
          ? row.previousElementSibling
          : null;
    if (next instanceof HTMLElement) next.focus();
    else if (event.key === 'Enter' && event.target === row) onOpen(id);
    else if (event.key === 'x') toggle(id);
    else return;
    event.preventDefault();
  };
  return (
    <div className="sheet flush">
      {present.length === 0 || !may(me, 'alerts:write') ? null : (
        <BulkBar alerts={present} onDone={() => setChosen(new Set())} />
      )}
      <ul className="alert-list" aria-label="Alerts">
        {alerts.map((alert) => (
          <li
            key={alert.id}
            tabIndex={0}
            className="alert-row"
            data-open={alert.id === open}
            data-state={alert.state}
            onClick={() => onOpen(alert.id)}
            onKeyDown={(event) => onKey(event, alert.id)}
          >
            {may(me, 'alerts:write') ? (
              <Checkbox
                size="xs"
                aria-label={`Select ${alert.title}`}
                checked={chosen.has(alert.id)}
                onClick={(event) => event.stopPropagation()}
                onChange={() => toggle(alert.id)}
              />
            ) : null}
            <LevelMark level={alert.level} />
            <button
              type="button"
              className="alert-title"
              tabIndex={-1}
              onClick={(event) => {
                event.stopPropagation();
                onOpen(alert.id);
              }}
            >
              {alert.title}
            </button>
            <span className="alert-state small">{stateWords[alert.state]}</span>
            <span className="quiet small alert-time">
              <Clock at={alert.created_at} />
            </span>
            <Seal position={alert.finding} />
          </li>
        ))}
      </ul>
    </div>
  );
}

/** Says what will happen to what before it does. */
function BulkBar({ alerts, onDone }: { readonly alerts: readonly AlertRow[]; readonly onDone: () => void }) {
  const triage = useTriage();
  const apply = (state: AlertState, from: readonly AlertState[]): void => {
    const wanted = alerts.filter((alert) => from.includes(alert.state));
    triage.mutate({ ids: wanted.map(({ id }) => id), change: { state } }, { onSuccess: onDone });
  };
  const toTake = alerts.filter(({ state }) => state === 'new').length;
  const toClose = alerts.filter(({ state }) => state === 'new' || state === 'acknowledged').length;
  return (
    <div className="bulk-bar">
      <strong>{plural(alerts.length, 'alert')} selected</strong>
      <Button
        size="xs"
        variant="default"
        disabled={toTake === 0}
        loading={triage.isPending}
        onClick={() => apply('acknowledged', ['new'])}
      >
        Take {toTake}
      </Button>
      <Button
        size="xs"
        variant="default"
        disabled={toClose === 0}
        loading={triage.isPending}
        onClick={() => apply('closed', ['new', 'acknowledged'])}
      >
        Close {toClose}
      </Button>
      <button type="button" className="plain-button small" onClick={onDone}>
        Select none
      </button>
      {triage.error === null ? null : <ProblemNotice problem={triage.error} />}
    </div>
  );
}
