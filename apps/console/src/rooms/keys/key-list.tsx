import { NativeSelect, TextInput } from '@mantine/core';
import { useAddress } from '../../app/address.ts';
import { EmptyRoom } from '../../parts/empty-room.tsx';
import { plural } from '../../parts/numbers.ts';
import { KeyRows } from './key-rows.tsx';
import { countStates, keyTitle, purposeName, stateWords } from './key-words.ts';
import type { VaultKey } from './vault-query.ts';

const levels: Readonly<Record<VaultKey['level'], string>> = {
  epoch: 'Epochs',
  purpose: 'Purpose keys',
  data: 'Data keys',
};

/** Every key as a line, narrowed by what the address says. */
export function KeyList({
  keys,
  onOpen,
}: {
  readonly keys: readonly VaultKey[];
  readonly onOpen: (id: string) => void;
}) {
  const { get, change } = useAddress();
  const wanted = (get('find') ?? '').toLowerCase();
  const shown = keys.filter(
    (key) =>
      (get('level') === undefined || key.level === get('level')) &&
      (get('state') === undefined || key.state === get('state')) &&
      [keyTitle(key), key.id, purposeName(key.purpose)].some((text) => text.toLowerCase().includes(wanted)),
  );
  return (
    <section className="sheet" aria-label="All keys">
      <div className="row form-row">
        <TextInput
          className="grow"
          label="Name or id"
          value={get('find') ?? ''}
          onChange={(event) => change({ find: event.currentTarget.value }, { replace: true })}
        />
        <NativeSelect
          label="Level"
          value={get('level') ?? ''}
          data={[{ value: '', label: 'All' }, ...Object.entries(levels).map(([value, label]) => ({ value, label }))]}
          onChange={(event) => change({ level: event.currentTarget.value })}
        />
        <NativeSelect
          label="State"
          value={get('state') ?? ''}
          data={[
            { value: '', label: 'All' },
            ...countStates(keys).map(({ state, count }) => ({
              value: state,
              label: `${stateWords[state].word} (${count})`,
            })),
          ]}
          onChange={(event) => change({ state: event.currentTarget.value })}
        />
      </div>
      <p className="small quiet" role="status">
        {plural(shown.length, 'key')}
      </p>
      {shown.length === 0 ? (
        <EmptyRoom title="No such key">No key fits the fields above. Empty them to see all.</EmptyRoom>
      ) : (
        <KeyRows keys={shown.toReversed()} label="Keys" onOpen={onOpen} withPurpose />
      )}
    </section>
  );
}
