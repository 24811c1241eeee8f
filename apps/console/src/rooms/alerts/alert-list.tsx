import { Checkbox } from '@mantine/core';
import { useRef, useState } from 'react';
import type { KeyboardEvent } from 'react';
import type { AlertRow, Me } from '../../api/queries.ts';
import { may } from '../../app/rooms.ts';
import { Clock } from '../../parts/clock.tsx';
import { LevelMark } from '../../parts/level.tsx';
import { formatCompact, plural } from '../../parts/numbers.ts';
import { printable } from '../../parts/printable.ts';
import { Seal } from '../../seal/seal.tsx';
import { BulkBar } from './bulk-bar.tsx';
import { stateWords } from './state-words.ts';

type ListProps = {
  readonly me: Me;
  readonly alerts: readonly AlertRow[];
  readonly open: string | undefined;
  readonly onOpen: (id: string) => void;
};

/** Focus is the cursor: j and k move it, Enter opens, x selects, with Shift as far as the last one selected. */
export function AlertList({ me, alerts, open, onOpen }: ListProps) {
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const last = useRef<string>(undefined);
  const canChoose = may(me, 'alerts:write');
  const present = alerts.filter(({ id }) => chosen.has(id));
  const toggle = (id: string, isRange: boolean): void => {
    const after = new Set(chosen);
    const from = alerts.findIndex((alert) => alert.id === last.current);
    const to = alerts.findIndex((alert) => alert.id === id);
    if (isRange && from >= 0) {
      for (const alert of alerts.slice(Math.min(from, to), Math.max(from, to) + 1)) after.add(alert.id);
    } else if (!after.delete(id)) after.add(id);
    last.current = id;
    setChosen(after);
  };
  const onKey = (event: KeyboardEvent<HTMLElement>, id: string): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const row = event.currentTarget;
    const key = event.key.toLowerCase();
    const next =
      key === 'j' || key === 'arrowdown'
        ? row.nextElementSibling
        : key === 'k' || key === 'arrowup'
          ? row.previousElementSibling
          : null;
    if (next instanceof HTMLElement) next.focus();
    else if (key === 'enter' && event.target === row) onOpen(id);
    else if (key === 'x' && canChoose) toggle(id, event.shiftKey);
    else return;
    event.preventDefault();
  };
  return (
    <div className="sheet flush">
      {present.length === 0 || !canChoose ? null : (
        <BulkBar alerts={present} me={me} onDone={() => setChosen(new Set())} />
      )}
      <ul className="alert-list" aria-label="Alerts">
        {alerts.map((alert) => (
          <li
            key={alert.id}
            tabIndex={0}
            className="alert-row"
            data-open={alert.id === open}
            data-chosen={chosen.has(alert.id)}
            data-state={alert.state}
            onClick={() => onOpen(alert.id)}
            onKeyDown={(event) => onKey(event, alert.id)}
          >
            {canChoose ? (
              <Checkbox
                size="xs"
                aria-label={`Select ${alert.title}`}
                checked={chosen.has(alert.id)}
                onClick={(event) => {
                  event.stopPropagation();
                  toggle(alert.id, event.shiftKey);
                }}
                readOnly
              />
            ) : null}
            <span className="alert-worth">
              <LevelMark level={alert.level} />
              <span
                className="alert-priority quiet small"
                title={`Priority ${alert.priority}: ${alert.priority_words}`}
              >
                <span className="visually-hidden">priority </span>
                {alert.priority}
              </span>
            </span>
            <span className="alert-what">
              <button
                type="button"
                className="alert-title"
                tabIndex={-1}
                onClick={(event) => {
                  event.stopPropagation();
                  onOpen(alert.id);
                }}
              >
                {printable(alert.title)}
              </button>
              <Whom alert={alert} />
            </span>
            <span className="alert-count small" title={plural(alert.count, 'finding')}>
              {alert.count === 1 ? '' : `×${formatCompact(alert.count)}`}
            </span>
            <span className="alert-state small">{stateWords[alert.state]}</span>
            <span className="quiet small alert-time">
              {alert.count === 1 ? '' : 'last '}
              <Clock at={alert.last_seen_at} />
            </span>
            <Seal position={alert.last_finding} />
          </li>
        ))}
      </ul>
    </div>
  );
}

/** Who and where, in one line, as far as it is known. */
function Whom({ alert }: { readonly alert: AlertRow }) {
  const { host, user, source, process, identity, account, region } = alert;
  const parts = [
    { word: alert.camera === undefined ? 'host' : 'camera', text: host },
    { word: 'user', text: user },
    { word: 'from', text: source },
    { word: 'program', text: process?.split(/[\\/]/).at(-1) },
    { word: 'identity', text: host === undefined ? identity : undefined },
    { word: 'in', text: host === undefined ? [account, region].filter((part) => part !== undefined).join(' ') : '' },
  ].flatMap(({ word, text }) => (text === undefined || text === '' ? [] : [{ word, text }]));
  if (parts.length === 0) return null;
  return (
    <span className="alert-whom small">
      {parts.map(({ word, text }) => (
        <span key={word}>
          <span className="quiet">{word}</span> {printable(text)}
        </span>
      ))}
    </span>
  );
}
