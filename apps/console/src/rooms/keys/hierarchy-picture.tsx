import { useElementSize } from '@mantine/hooks';
import {
  IconCloudLock,
  IconCpu,
  IconFile,
  IconHistory,
  IconHourglass,
  IconLockSquareRounded,
  IconServer2,
  IconSignature,
  IconStack2,
  IconTags,
  IconUsb,
  IconUsers,
} from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { formatDay } from '../../parts/day.ts';
import { plural } from '../../parts/numbers.ts';
import { KeyCells } from './key-cells.tsx';
import { KeyStateMark, StateGlyph } from './key-state.tsx';
import { countStates, keyTitle, promiseOf, providerNames, purposeName, stageWords, stateWords } from './key-words.ts';
import type { Hierarchy, KeyGroup } from './key-groups.ts';
import { groupNode, placePicture, providerNode, purposeNode } from './picture-layout.ts';
import type { PlacedNode } from './picture-layout.ts';
import type { ProviderKind } from './vault-query.ts';

const providerIcons: Readonly<Record<ProviderKind, typeof IconCpu>> = {
  'sealed-file': IconFile,
  tpm: IconCpu,
  pkcs11: IconUsb,
  transit: IconServer2,
  'aws-kms': IconCloudLock,
};

const purposeIcons: Readonly<Record<string, typeof IconCpu>> = {
  'block-data': IconStack2,
  'subject-page': IconUsers,
  'log-signing': IconSignature,
  'stream-name': IconTags,
  secret: IconLockSquareRounded,
};

/** The keys as a tree: what is higher up opens what hangs under it. Every node opens what is known of it. */
export function HierarchyPicture({
  hierarchy,
  chosen,
  onChoose,
}: {
  readonly hierarchy: Hierarchy;
  readonly chosen: string | undefined;
  readonly onChoose: (node: string) => void;
}) {
  const { ref, width } = useElementSize<HTMLDivElement>();
  const { nodes, edges, height } = placePicture(hierarchy, width);
  const node = (id: string, content: ReactNode, state = ''): ReactNode => (
    <PictureNode key={id} place={nodes.get(id)} id={id} isChosen={chosen === id} state={state} onChoose={onChoose}>
      {content}
    </PictureNode>
  );
  return (
    <div ref={ref} className="key-picture" style={{ height }} role="group" aria-label="Hierarchy of keys">
      <svg
        className="key-edges"
        width={width}
        height={height}
        viewBox={`0 0 ${Math.max(1, width)} ${Math.max(1, height)}`}
        aria-hidden="true"
      >
        {edges.map(({ from, to, path, isCurrent }) => (
          <path key={`${from} ${to}`} d={path} data-current={isCurrent} />
        ))}
      </svg>
      {width === 0 ? null : (
        <>
          {hierarchy.providers.map((provider) => {
            const Icon = providerIcons[provider.kind];
            return node(
              providerNode(provider.kind),
              <>
                <Icon size={20} stroke={1.6} aria-hidden="true" />
                <span className="key-node-words wrapping">
                  <strong>{providerNames[provider.kind]}</strong>
                  {'unreachable' in provider ? (
                    <span className="small warn">{promiseOf(provider).word}</span>
                  ) : (
                    <span className="small quiet">{provider.isUsed ? 'In use' : 'Set up, not used'}</span>
                  )}
                </span>
              </>,
              provider.isUsed ? 'active' : 'retired',
            );
          })}
          {hierarchy.epochs.map((epoch) =>
            node(
              epoch.id,
              <>
                <IconHourglass size={20} stroke={1.6} aria-hidden="true" />
                <span className="key-node-words">
                  <strong>Epoch {epoch.version}</strong>
                  <KeyStateMark state={epoch.state} />
                  {stageWords(epoch.stage) === undefined ? null : (
                    <span className="small quiet">{stageWords(epoch.stage)}</span>
                  )}
                </span>
              </>,
              epoch.state,
            ),
          )}
          {hierarchy.olderEpochs.length === 0
            ? null
            : node(
                'older-epochs',
                <>
                  <IconHistory size={20} stroke={1.6} aria-hidden="true" />
                  <span className="key-node-words">
                    <strong>{plural(hierarchy.olderEpochs.length, 'older epoch')}</strong>
                    <span className="small quiet">{countWords(hierarchy.olderEpochs)}</span>
                  </span>
                </>,
                'retired',
              )}
          {hierarchy.purposes.map(({ purpose, newest, versions }) => {
            const Icon = purposeIcons[purpose] ?? IconLockSquareRounded;
            return node(
              purposeNode(purpose),
              <>
                <Icon size={20} stroke={1.6} aria-hidden="true" />
                <span className="key-node-words">
                  <strong>{purposeName(purpose)}</strong>
                  <span className="key-node-line">
                    <KeyStateMark state={newest.state} />
                    {versions.length > 1 ? <span className="small quiet">version {newest.version}</span> : null}
                  </span>
                </span>
              </>,
              newest.state,
            );
          })}
          {hierarchy.purposes.flatMap(({ groups }) =>
            groups.map((group) =>
              node(
                groupNode(group.id),
                <GroupNode group={group} width={nodes.get(groupNode(group.id))?.width ?? 0} />,
                worstOf(group),
              ),
            ),
          )}
        </>
      )}
    </div>
  );
}

function PictureNode({
  place,
  id,
  isChosen,
  state,
  onChoose,
  children,
}: {
  readonly place: PlacedNode | undefined;
  readonly id: string;
  readonly isChosen: boolean;
  readonly state: string;
  readonly onChoose: (node: string) => void;
  readonly children: ReactNode;
}) {
  if (place === undefined) return null;
  const { left, top, width, height } = place;
  return (
    <button
      type="button"
      id={`node-${id}`}
      className="key-node"
      data-state={state}
      data-open={isChosen}
      style={{ left, top, width, height }}
      onClick={() => onChoose(id)}
    >
      {children}
    </button>
  );
}

const groupPadding = 28;

function GroupNode({ group, width }: { readonly group: KeyGroup; readonly width: number }) {
  const { name, keys, firstDay, lastDay } = group;
  const days =
    firstDay === undefined
      ? undefined
      : firstDay === lastDay
        ? formatDay(firstDay)
        : `${formatDay(firstDay)} – ${formatDay(lastDay ?? '')}`;
  const [worst] = countStates(keys);
  // One shape alone would say nothing: its word stands beside it.
  const only = keys.length === 1 ? keys[0] : undefined;
  const needsCare = worst?.state === 'compromised' || worst?.state === 'suspended';
  return (
    <span className="key-node-words key-group">
      <span className="key-node-line">
        <strong>{titleOf(group)}</strong>
        {name === '' ? null : <span className="small quiet">{plural(keys.length, 'key')}</span>}
      </span>
      {only === undefined ? (
        <KeyCells keys={keys} width={Math.max(0, width - groupPadding)} rows={keys.length > 22 ? 2 : 1} />
      ) : (
        <KeyStateMark state={only.state} />
      )}
      <span className="key-node-line small quiet">
        {needsCare && only === undefined ? <KeyStateMark state={worst.state} count={worst.count} /> : null}
        {[...(needsCare || only !== undefined ? [] : [countWords(keys)]), ...(days === undefined ? [] : [days])].join(
          ' · ',
        )}
      </span>
    </span>
  );
}

function titleOf({ name, keys }: KeyGroup): string {
  if (name !== '') return `Class “${name}”`;
  const [only] = keys;
  return keys.length === 1 && only !== undefined ? keyTitle(only) : plural(keys.length, 'data key');
}

function countWords(keys: KeyGroup['keys']): string {
  return countStates(keys)
    .map(({ state, count }) => `${count} ${stateWords[state].word.toLowerCase()}`)
    .join(', ');
}

function worstOf(group: KeyGroup): string {
  return countStates(group.keys)[0]?.state ?? '';
}

/** What the shapes mean. */
export function StateLegend({ keys }: { readonly keys: KeyGroup['keys'] }) {
  return (
    <ul className="key-legend" aria-label="States of all keys">
      {countStates(keys).map(({ state, count }) => (
        <li key={state} className={stateWords[state].tone}>
          <StateGlyph state={state} /> {count} {stateWords[state].word.toLowerCase()}
        </li>
      ))}
    </ul>
  );
}
