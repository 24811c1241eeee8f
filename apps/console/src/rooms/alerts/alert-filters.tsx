import { CloseButton, NativeSelect, SegmentedControl, TextInput } from '@mantine/core';
import { useState } from 'react';
import type { AlertState, Level } from '../../api/queries.ts';
import { useAddress } from '../../app/address.ts';
import { levelsFromTop } from '../../parts/level.tsx';
import { printable } from '../../parts/printable.ts';
import { exportAddress } from './alerts-query.ts';
import type { AlertListFilter } from './alerts-query.ts';

const states: readonly { readonly value: AlertState | 'all'; readonly label: string }[] = [
  { value: 'new', label: 'New' },
  { value: 'acknowledged', label: 'Acknowledged' },
  { value: 'closed', label: 'Closed' },
  { value: 'suppressed', label: 'Suppressed' },
  { value: 'all', label: 'All' },
];

/** Filters an entity is given by, from a link or a chip. */
const entityFilters = ['host', 'user', 'source', 'rule', 'agent'] as const;

/** Left out: by priority, what is not closed first. */
const orders = ['newest', 'severity'] as const;

/** The filter as the address bar has it. */
export function useAlertFilter(): AlertListFilter {
  const { get } = useAddress();
  const state = states.find(({ value }) => value === get('state'))?.value ?? 'all';
  return {
    state: state === 'all' ? undefined : state,
    level: levelsFromTop.find((known) => known === get('level')),
    host: get('host'),
    user: get('user'),
    source: get('source'),
    rule: get('rule'),
    agent: get('agent'),
    q: get('q'),
    sort: orders.find((known) => known === get('sort')),
  };
}

export function AlertFilters({ filter }: { readonly filter: AlertListFilter }) {
  const { change } = useAddress();
  const [text, setText] = useState(filter.q ?? '');
  const set = (changes: Readonly<Record<string, string | undefined>>): void => change({ ...changes, after: undefined });
  return (
    <div className="alert-filters">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          set({ q: text.trim() });
        }}
      >
        <TextInput
          aria-label="Find alerts"
          placeholder="Title, host, user, address"
          value={text}
          maxLength={200}
          onChange={(event) => setText(event.currentTarget.value)}
          onBlur={() => set({ q: text.trim() })}
        />
      </form>
      <SegmentedControl
        aria-label="State"
        value={filter.state ?? 'all'}
        data={states.map((entry) => ({ ...entry }))}
        onChange={(value) => set({ state: value === 'all' ? undefined : value })}
      />
      <LevelSelect level={filter.level} onChange={(value) => set({ level: value })} />
      <NativeSelect
        aria-label="Order"
        value={filter.sort ?? 'priority'}
        data={[
          { value: 'priority', label: 'By priority' },
          { value: 'newest', label: 'Newest first' },
          { value: 'severity', label: 'Most severe first' },
        ]}
        onChange={({ currentTarget }) => set({ sort: orders.find((known) => known === currentTarget.value) })}
      />
      <span className="row alert-export small">
        <span className="quiet">Export</span>
        <a href={exportAddress(filter, 'csv')} download>
          CSV
        </a>
        <a href={exportAddress(filter, 'ndjson')} download>
          NDJSON
        </a>
      </span>
      {entityFilters.map((name) =>
        filter[name] === undefined ? null : (
          <span key={name} className="chip">
            <span className="quiet">{name}</span> {printable(filter[name])}
            <CloseButton size="xs" aria-label={`Any ${name}`} onClick={() => set({ [name]: undefined })} />
          </span>
        ),
      )}
    </div>
  );
}

function LevelSelect({
  level,
  onChange,
}: {
  readonly level: Level | undefined;
  readonly onChange: (level: string | undefined) => void;
}) {
  return (
    <NativeSelect
      aria-label="Level"
      value={level ?? ''}
      onChange={(event) => onChange(event.currentTarget.value === '' ? undefined : event.currentTarget.value)}
      data={[
        { value: '', label: 'Any level' },
        ...levelsFromTop.slice(0, -1).map((value) => ({
          value,
          label: value === 'critical' ? 'Critical' : `${value.charAt(0).toUpperCase()}${value.slice(1)} and above`,
        })),
      ]}
    />
  );
}
