import { Button, SegmentedControl } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { usersQuery } from '../../api/queries.ts';
import type { Me } from '../../api/queries.ts';
import { useAddress } from '../../app/address.ts';
import { may } from '../../app/rooms.ts';
import { Loading } from '../../parts/loading.tsx';
import { plural } from '../../parts/numbers.ts';
import { ProblemNotice } from '../../parts/notice.tsx';
import { RoomHead } from '../../parts/room-head.tsx';
import { ChangeState } from './change-state.tsx';
import { CheckCopies } from './check-copies.tsx';
import { ColumnKeysSheet } from './column-keys.tsx';
import { GroupPanel } from './group-panel.tsx';
import { HierarchyPicture, StateLegend } from './hierarchy-picture.tsx';
import { hierarchyOf } from './key-groups.ts';
import { Inventory } from './inventory.tsx';
import { KeyList } from './key-list.tsx';
import { KeyPanel } from './key-panel.tsx';
import { ProvidersSheet } from './providers-sheet.tsx';
import { RotateKey } from './rotate-key.tsx';
import { RotationProgress } from './rotation-progress.tsx';
import { vaultQuery } from './vault-query.ts';
import type { KeyState, ProviderKind, Vault, VaultKey } from './vault-query.ts';

type Asked =
  | { readonly what: 'rotate'; readonly key: VaultKey; readonly first?: readonly ProviderKind[] }
  | { readonly what: 'change'; readonly key: VaultKey; readonly to: KeyState };

const tabs = [
  { value: 'hierarchy', label: 'Hierarchy' },
  { value: 'keys', label: 'All keys' },
  { value: 'inventory', label: 'Inventory' },
];

/** The keys behind the ledger and everything sealed: what opens what, where it is kept, what that is worth. */
export function KeysRoom({ me }: { readonly me: Me }) {
  const { get, change } = useAddress();
  const { data, error, refetch, dataUpdatedAt } = useQuery(vaultQuery);
  const [asked, setAsked] = useState<Asked>();
  // The button that opened a dialog may be gone with what the dialog did: Tab and Escape go on in the panel.
  useEffect(() => {
    if (asked === undefined && document.activeElement === document.body)
      document.querySelector<HTMLElement>('.panel-over > .panel')?.focus({ preventScroll: true });
  }, [asked]);
  const canManage = may(me, 'vault:manage');
  const tab = tabs.find(({ value }) => value === get('tab'))?.value ?? 'hierarchy';
  const activeEpoch = data?.keys.find(({ level, state }) => level === 'epoch' && state === 'active');
  const close = (): void => setAsked(undefined);
  const open = (id: string): void => change({ key: id });
  return (
    <div className="room-inner">
      <RoomHead
        title="Keys"
        lead="What opens what: a master key at its provider, under it an epoch, under that a key for each purpose, and under those the keys that seal your data. No key is ever shown."
      >
        <SegmentedControl
          aria-label="What to show"
          value={tab}
          data={tabs}
          onChange={(value) => change({ tab: value, key: undefined })}
        />
      </RoomHead>
      {error === null ? null : <ProblemNotice problem={error} retry={() => void refetch()} />}
      {data === undefined && error === null ? <Loading heights={[420, 180]} /> : null}
      {data === undefined ||
      data.rotation === null ||
      (tab !== 'hierarchy' && data.rotation.state === 'done') ? null : (
        <RotationProgress rotation={data.rotation} nowMs={dataUpdatedAt} />
      )}
      {data !== undefined && tab === 'hierarchy' ? (
        <>
          <section className="sheet" aria-labelledby="hierarchy">
            <div className="sheet-head">
              <h2 id="hierarchy">Hierarchy</h2>
              <span className="quiet small">
                {plural(data.keys.length, 'key')}, generation {data.generation} of the vault
              </span>
              {canManage && activeEpoch !== undefined ? (
                <Button
                  size="compact-sm"
                  variant="default"
                  disabled={data.rotation?.state === 'running'}
                  onClick={() => setAsked({ what: 'rotate', key: activeEpoch })}
                >
                  New epoch…
                </Button>
              ) : null}
            </div>
            <HierarchyPicture
              hierarchy={hierarchyOf(data)}
              chosen={get('key')}
              onChoose={(node) => chooseNode(node, data, change)}
            />
            <StateLegend keys={data.keys} />
          </section>
          <ProvidersSheet
            providers={data.providers}
            {...(canManage && activeEpoch !== undefined
              ? { onMove: (to: ProviderKind) => setAsked({ what: 'rotate', key: activeEpoch, first: [to] }) }
              : {})}
          />
          <ColumnKeysSheet columns={data.columns} nowMs={dataUpdatedAt} canRotate={canManage} />
          <CheckCopies keyCount={data.keys.length} canCheck={canManage} />
        </>
      ) : null}
      {data !== undefined && tab === 'keys' ? <KeyList keys={data.keys} onOpen={open} /> : null}
      {tab === 'inventory' ? <Inventory /> : null}
      {data === undefined ? null : (
        <Opened
          vault={data}
          chosen={get('key')}
          withNames={may(me, 'users:read')}
          onOpen={open}
          onClose={() => {
            const chosen = get('key');
            change({ key: undefined });
            returnFocus(chosen);
          }}
          {...(canManage ? { onAsk: setAsked } : {})}
        />
      )}
      {asked?.what === 'change' ? <ChangeState keyEntry={asked.key} to={asked.to} onClose={close} /> : null}
      {asked?.what === 'rotate' ? (
        <RotateKey keyEntry={asked.key} providers={data?.providers ?? []} first={asked.first} onClose={close} />
      ) : null}
    </div>
  );
}

/** What the address names: a key by its id, or a group of the picture. */
function Opened({
  vault,
  chosen,
  withNames,
  onOpen,
  onClose,
  onAsk,
}: {
  readonly vault: Vault;
  readonly chosen: string | undefined;
  readonly withNames: boolean;
  readonly onOpen: (id: string) => void;
  readonly onClose: () => void;
  readonly onAsk?: (asked: Asked) => void;
}) {
  const users = useQuery({ ...usersQuery, enabled: withNames && chosen !== undefined });
  const names = new Map(users.data?.users.map(({ id, name }) => [id, name]));
  const key = vault.keys.find(({ id }) => id === chosen);
  const group = hierarchyOf(vault)
    .purposes.flatMap(({ groups }) => groups)
    .find(({ id }) => `group:${id}` === chosen);
  if (key === undefined && group === undefined) return null;
  return (
    <div className="panel-over">
      {key === undefined ? null : (
        <KeyPanel
          keyEntry={key}
          keys={vault.keys}
          names={names}
          onOpen={onOpen}
          onClose={onClose}
          actions={
            onAsk === undefined
              ? undefined
              : {
                  change: (to) => onAsk({ what: 'change', key, to }),
                  rotate: () => onAsk({ what: 'rotate', key }),
                }
          }
        />
      )}
      {group === undefined ? null : <GroupPanel group={group} onOpen={onOpen} onClose={onClose} />}
    </div>
  );
}

/** A node of the picture names a key, a purpose whose newest key is meant, a group, or leads elsewhere in the room. */
function chooseNode(node: string, vault: Vault, change: ReturnType<typeof useAddress>['change']): void {
  const [, purpose] = /^purpose:(.+)$/.exec(node) ?? [];
  if (node.startsWith('provider:')) {
    document.querySelector('#providers')?.scrollIntoView({ block: 'start' });
    return;
  }
  if (node === 'older-epochs') change({ tab: 'keys', level: 'epoch', key: undefined });
  else if (purpose === undefined) change({ key: node });
  else change({ key: hierarchyOf(vault).purposes.find((branch) => branch.purpose === purpose)?.newest.id });
}

/** Tab goes on where it was before the panel opened. */
function returnFocus(chosen: string | undefined): void {
  if (chosen === undefined) return;
  const opener = document.querySelector<HTMLElement>(
    `[id="node-${CSS.escape(chosen)}"], [id="row-${CSS.escape(chosen)}"]`,
  );
  opener?.focus();
}
