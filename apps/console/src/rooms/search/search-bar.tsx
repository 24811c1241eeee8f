import { Button, NativeSelect, Switch, TextInput } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { useState } from 'react';
import type { AddressChanges } from '../../app/address.ts';
import { useClockChoice } from '../../parts/clock.tsx';
import { fromInputTime, ranges, toInputTime } from './time-range.ts';

type BarProps = {
  readonly query: string;
  readonly range: string | undefined;
  readonly from: string | undefined;
  readonly to: string | undefined;
  readonly isLive: boolean;
  readonly onChange: (changes: AddressChanges) => void;
};

export function SearchBar({ query, range, from, to, isLive, onChange }: BarProps) {
  const [text, setText] = useState(query);
  const [clock] = useClockChoice();
  const isCustom = from !== undefined || to !== undefined || range === 'custom';
  return (
    <form
      className="stack tight"
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        onChange({ q: text.trim(), live: undefined, open: undefined });
      }}
    >
      <div className="row search-bar">
        <TextInput
          className="grow"
          size="md"
          aria-label="Query"
          placeholder='user:alice class:1007 -host:web1 "free text"'
          leftSection={<IconSearch size={18} aria-hidden="true" />}
          value={text}
          spellCheck={false}
          onChange={(event) => setText(event.currentTarget.value)}
        />
        <NativeSelect
          size="md"
          aria-label="Time range"
          value={isCustom ? 'custom' : (range ?? 'all')}
          data={[...ranges.map(({ value, label }) => ({ value, label })), { value: 'custom', label: 'From … to …' }]}
          onChange={(event) =>
            onChange({
              range: event.currentTarget.value === 'all' ? undefined : event.currentTarget.value,
              from: undefined,
              to: undefined,
              live: undefined,
            })
          }
        />
        <Button type="submit" size="md">
          Search
        </Button>
        <Switch
          label="Live"
          checked={isLive}
          onChange={(event) => onChange({ live: event.currentTarget.checked ? '1' : undefined, open: undefined })}
        />
      </div>
      {isCustom ? (
        <div className="row">
          {(['from', 'to'] as const).map((name) => (
            <label key={name} className="row small">
              {name === 'from' ? 'From' : 'To'}
              <input
                type="datetime-local"
                step="1"
                className="time-input"
                value={toInputTime(name === 'from' ? from : to, clock === 'utc')}
                onChange={(event) =>
                  onChange({ [name]: fromInputTime(event.currentTarget.value, clock === 'utc'), range: 'custom' })
                }
              />
            </label>
          ))}
          <span className="quiet small">{clock === 'utc' ? 'UTC' : 'local time'}</span>
        </div>
      ) : null}
    </form>
  );
}
