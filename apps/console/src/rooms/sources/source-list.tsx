import { TextInput } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import type { KeyboardEvent } from 'react';
import { Link } from 'wouter';
import type { Me } from '../../api/queries.ts';
import { useAddress } from '../../app/address.ts';
import { may } from '../../app/rooms.ts';
import { EmptyRoom } from '../../parts/empty-room.tsx';
import { Loading } from '../../parts/loading.tsx';
import { formatCount } from '../../parts/numbers.ts';
import { ProblemNotice } from '../../parts/notice.tsx';
import { sourceStates, sourceStateWord } from '../../parts/source-state.tsx';
import type { SourceState } from '../../parts/source-state.tsx';
import { sourcesQuery, sourceTitle } from './source-queries.ts';
import type { SourceRow } from './source-queries.ts';
import { SourceListRow } from './source-list-row.tsx';

/** Every source, what needs a look on top. j and k move, Enter opens. */
export function SourceList({ me }: { readonly me: Me }) {
  const { get, change } = useAddress();
  const { data, error, refetch, dataUpdatedAt } = useQuery(sourcesQuery);
  const [text, state] = [get('q') ?? '', get('state')];
  if (data === undefined)
    return error === null ? (
      <Loading heights={[40, 64, 64, 64]} />
    ) : (
      <ProblemNotice problem={error} retry={() => void refetch()} />
    );
  if (data.sources.length === 0) return <NoSources me={me} />;
  const named = data.sources.filter((source) => isNamed(source, text));
  const shown = named
    .filter((source) => state === undefined || source.state === state)
    .toSorted(
      (a, b) => rankOf(a) - rankOf(b) || b.per_second - a.per_second || sourceTitle(a).localeCompare(sourceTitle(b)),
    );
  return (
    <div className="stack">
      {error === null ? null : <ProblemNotice problem={error} retry={() => void refetch()} />}
      <div className="row source-tools">
        <TextInput
          className="source-find"
          aria-label="Find a source"
          placeholder="A name, a label, a format"
          leftSection={<IconSearch size={16} aria-hidden="true" />}
          value={text}
          onChange={(event) => change({ q: event.currentTarget.value }, { replace: true })}
        />
        <div className="segments state-filter" role="group" aria-label="State">
          <StateButton
            name="All"
            count={named.length}
            isOn={state === undefined}
            onPress={() => change({ state: undefined })}
          />
          {sourceStates.map((one) => {
            const count = named.filter((source) => source.state === one).length;
            return count === 0 && state !== one ? null : (
              <StateButton
                key={one}
                name={sourceStateWord(one)}
                count={count}
                isOn={state === one}
                onPress={() => change({ state: state === one ? undefined : one })}
              />
            );
          })}
        </div>
      </div>
      <div className="sheet flush">
        <div className="source-head" aria-hidden="true">
          <span>State</span>
          <span>Source</span>
          <span>Last hour</span>
          <span className="number">Events/s</span>
          <span className="number">Lag</span>
          <span className="number">Unread</span>
          <span className="number">Refused</span>
          <span className="number">Heard</span>
        </div>
        <ul className="source-list" aria-label="Sources" onKeyDown={moveFocus}>
          {shown.map((source) => (
            <SourceListRow key={`${source.key_id}/${source.name}`} source={source} nowMs={dataUpdatedAt} />
          ))}
        </ul>
        {shown.length === 0 ? (
          <p className="quiet source-none" role="status">
            No source fits.{' '}
            <button type="button" className="plain-button" onClick={() => change({ q: undefined, state: undefined })}>
              Show all
            </button>
          </p>
        ) : null}
      </div>
      {data.next === undefined ? null : (
        <p className="quiet small">The first {formatCount(data.sources.length)} sources.</p>
      )}
    </div>
  );
}

function StateButton({
  name,
  count,
  isOn,
  onPress,
}: {
  readonly name: string;
  readonly count: number;
  readonly isOn: boolean;
  readonly onPress: () => void;
}) {
  return (
    <button type="button" aria-pressed={isOn} onClick={onPress}>
      {name} <span className="number">{formatCount(count)}</span>
    </button>
  );
}

function NoSources({ me }: { readonly me: Me }) {
  return (
    <div className="sheet">
      <EmptyRoom
        title="No source yet"
        action={
          may(me, 'keys:manage') ? (
            <Link href="/sources/add" className="primary-link">
              Add a source
            </Link>
          ) : null
        }
      >
        A source is whatever sends events: a machine, a firewall, a cloud account, a file. It takes three clicks:
        choose, name, copy.{may(me, 'keys:manage') ? '' : ' An administrator adds them.'}
      </EmptyRoom>
    </div>
  );
}

function isNamed(source: SourceRow, text: string): boolean {
  const words = `${sourceTitle(source)} ${source.name} ${Object.keys(source.formats).join(' ')}`.toLowerCase();
  return text
    .trim()
    .toLowerCase()
    .split(/\s+/)
    .every((word) => words.includes(word));
}

function rankOf({ state }: { readonly state: SourceState }): number {
  return sourceStates.indexOf(state);
}

function moveFocus(event: KeyboardEvent<HTMLUListElement>): void {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const key = event.key.toLowerCase();
  const by = key === 'j' || key === 'arrowdown' ? 1 : key === 'k' || key === 'arrowup' ? -1 : 0;
  if (by === 0) return;
  const links = [...event.currentTarget.querySelectorAll<HTMLElement>('.source-name')];
  const at = links.findIndex((link) => link === document.activeElement);
  links[at + by]?.focus();
  event.preventDefault();
}
