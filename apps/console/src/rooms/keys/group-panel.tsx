import { SidePanel } from '../../parts/side-panel.tsx';
import { plural } from '../../parts/numbers.ts';
import type { KeyGroup } from './key-groups.ts';
import { KeyRows } from './key-rows.tsx';
import { purposeName, purposeWhat } from './key-words.ts';

/** The data keys of one group, each leading to its own panel. */
export function GroupPanel({
  group,
  onOpen,
  onClose,
}: {
  readonly group: KeyGroup;
  readonly onOpen: (id: string) => void;
  readonly onClose: () => void;
}) {
  const title = group.name === '' ? purposeName(group.purpose) : `Class “${group.name}”`;
  return (
    <SidePanel title={title} label={title} onClose={onClose} above={<span className="quiet small">Data keys</span>}>
      <p>
        {plural(group.keys.length, 'key')}; each {purposeWhat(group.purpose)}.
      </p>
      <KeyRows keys={group.keys.toReversed()} label={`Keys of ${title}`} onOpen={onOpen} />
    </SidePanel>
  );
}
