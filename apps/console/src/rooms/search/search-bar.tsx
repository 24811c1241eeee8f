import { Button, NativeSelect, TextInput } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { useState } from 'react';
import type { AddressChanges } from '../../app/address.ts';
import { clockName } from '../../parts/clock-time.ts';
import { ClockPicker, useClockChoice } from '../../parts/clock.tsx';
import { fromInputTime, ranges, toInputTime } from './time-range.ts';

type BarProps = {
  readonly query: string;
  readonly range: string | undefined;
  readonly from: string | undefined;
  readonly to: string | undefined;
  readonly isWrong: boolean;
  readonly onChange: (changes: AddressChanges) => void;
};

/** What to look for, when, and by which clock; "Live" is one of the times. */
export function SearchBar({ query, range, from, to, isWrong, onChange }: BarProps) {
  const [text, setText] = useState(query);
  const [clock] = useClockChoice();
  const isCustom = from !== undefined || to !== undefined || range === 'custom';
  return (
    <form
      className="stack tight"
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        onChange({ q: text.trim(), open: undefined });
      }}
    >
      <div className="row search-bar">
        <TextInput
          className="grow"
          size="md"
          aria-label="Query"
          placeholder='user:alice (class:1007 OR class:1001) -host:web1 "free text"'
          leftSection={<IconSearch size={18} aria-hidden="true" />}
          value={text}
          error={isWrong}
          spellCheck={false}
          autoCapitalize="off"
          autoComplete="off"
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
            })
          }
        />
        <Button type="submit" size="md">
          Search
        </Button>
        <ClockPicker />
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
                value={toInputTime(name === 'from' ? from : to, clock)}
                onChange={(event) =>
                  onChange({ [name]: fromInputTime(event.currentTarget.value, clock), range: 'custom' })
                }
              />
            </label>
          ))}
          <span className="quiet small">{clockName(clock)}</span>
          <button
            type="button"
            className="plain-button small"
            onClick={() => onChange({ from: undefined, to: undefined, range: undefined })}
          >
            All time
          </button>
        </div>
      ) : null}
    </form>
  );
}
