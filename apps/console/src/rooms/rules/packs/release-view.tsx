import { Checkbox, NativeSelect, SegmentedControl, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { Me } from '../../../api/queries.ts';
import { useAddress } from '../../../app/address.ts';
import { may } from '../../../app/rooms.ts';
import { Loading } from '../../../parts/loading.tsx';
import { levelsFromTop } from '../../../parts/level.tsx';
import { ProblemNotice } from '../../../parts/notice.tsx';
import { formatCount, plural } from '../../../parts/numbers.ts';
import { printable } from '../../../parts/printable.ts';
import { RoomHead } from '../../../parts/room-head.tsx';
import { ActivateRelease } from './activate-release.tsx';
import { ChangeTable } from './change-table.tsx';
import { changesPerPage, differenceQuery } from './packs-queries.ts';
import type { Difference, ShownPack, ShownVersion } from './packs-queries.ts';
import { RuleChangePanel } from './rule-change-panel.tsx';
import { TryOnHistory } from './try-on-history.tsx';

const kinds = ['added', 'changed', 'removed'] as const;

/** A release beside the one in force: what would be new, gone and different. */
export function ReleaseView({
  pack,
  release,
  me,
  onClose,
}: {
  readonly pack: ShownPack;
  readonly release: ShownVersion;
  readonly me: Me;
  readonly onClose: () => void;
}) {
  const { get, change } = useAddress();
  const of = { name: pack.name, version: release.version };
  const kind = kinds.find((one) => one === get('change'));
  const level = levelsFromTop.find((one) => one === get('level'));
  const offset = Math.max(0, Number.parseInt(get('from') ?? '0', 10) || 0);
  const isDetectionOnly = get('detection') === '1';
  const q = get('q');
  const { data, error, refetch, isPlaceholderData } = useQuery(
    differenceQuery(of, {
      offset,
      ...(kind === undefined ? {} : { change: kind }),
      ...(level === undefined ? {} : { level }),
      ...(q === undefined ? {} : { q }),
      ...(isDetectionOnly ? { detection_only: true } : {}),
    }),
  );
  const open = get('rule');
  const filter = (changes: Readonly<Record<string, string | undefined>>): void =>
    change({ from: undefined, ...changes }, { replace: true });
  const against =
    pack.in_force === null
      ? 'nothing of this pack is in force yet'
      : pack.in_force === release.version
        ? 'this is the release in force'
        : `beside ${pack.in_force}, which is in force`;
  return (
    <div className="room-inner">
      <RoomHead
        title={`${pack.name} ${release.version}`}
        lead={
          <>
            {plural(release.rules, 'rule')}, {against}. {printable(release.licence)}, {printable(release.source)}.{' '}
            <button type="button" className="plain-button" onClick={onClose}>
              All packs
            </button>
          </>
        }
      >
        {may(me, 'rules:manage') ? <ActivateRelease pack={pack} release={release} summary={data?.summary} /> : null}
      </RoomHead>
      {error === null ? null : <ProblemNotice problem={error} retry={() => void refetch()} />}
      {data === undefined ? (
        error === null ? (
          <Loading heights={[80, 220]} />
        ) : null
      ) : (
        <>
          <Summary difference={data} />
          <TryOnHistory pack={pack} release={release} canRun={may(me, 'hunts:run')} />
          <div className="row">
            <SegmentedControl
              aria-label="Which changes"
              value={kind ?? 'all'}
              data={[
                { value: 'all', label: 'All' },
                { value: 'added', label: `New ${formatCount(data.summary.added)}` },
                { value: 'changed', label: `Changed ${formatCount(data.summary.changed)}` },
                { value: 'removed', label: `Gone ${formatCount(data.summary.removed)}` },
              ]}
              onChange={(value) => filter({ change: value === 'all' ? undefined : value })}
            />
            <NativeSelect
              aria-label="Level"
              value={level ?? ''}
              data={[{ value: '', label: 'Every level' }, ...levelsFromTop]}
              onChange={(event) => filter({ level: event.currentTarget.value })}
            />
            <TextInput
              className="grow"
              aria-label="Find by title, id or file"
              placeholder="Find by title, id or file"
              value={q ?? ''}
              onChange={(event) => filter({ q: event.currentTarget.value })}
            />
            <Checkbox
              label="Only what they look for"
              checked={isDetectionOnly}
              onChange={(event) => filter({ detection: event.currentTarget.checked ? '1' : undefined })}
            />
          </div>
          <div className="with-panel" data-open={open !== undefined}>
            <div className="stack" aria-busy={isPlaceholderData}>
              {data.changes.length === 0 ? (
                <p className="quiet">
                  {data.summary.unchanged > 0 && kind === undefined && q === undefined
                    ? 'No rule is different.'
                    : 'None of these.'}
                </p>
              ) : (
                <ChangeTable
                  changes={data.changes}
                  open={open}
                  onOpen={(rule) => change({ rule }, { replace: open !== undefined })}
                />
              )}
              <div className="row">
                {offset === 0 ? null : (
                  <button
                    type="button"
                    className="plain-button"
                    onClick={() =>
                      change({ from: offset <= changesPerPage ? undefined : String(offset - changesPerPage) })
                    }
                  >
                    Before
                  </button>
                )}
                {offset + changesPerPage >= data.total ? null : (
                  <button
                    type="button"
                    className="plain-button"
                    onClick={() => change({ from: String(offset + changesPerPage) })}
                  >
                    Next
                  </button>
                )}
                <span className="quiet small">
                  {data.total === 0
                    ? ''
                    : `${formatCount(offset + 1)} to ${formatCount(offset + data.changes.length)} of ${formatCount(data.total)}`}
                </span>
              </div>
              <OtherFiles difference={data} />
              <Refusals difference={data} />
            </div>
            {open === undefined ? null : (
              <RuleChangePanel
                key={open}
                of={of}
                rule={open}
                isOff={pack.off.some((one) => one.rule === open)}
                canManage={may(me, 'rules:manage')}
                onClose={() => change({ rule: undefined })}
              />
            )}
          </div>
        </>
      )}
    </div>
  );
}

function Summary({ difference: { summary } }: { readonly difference: Difference }) {
  const { level, status, off } = summary.held_back;
  const held = level + status + off;
  return (
    <p>
      <strong>{plural(summary.added, 'new rule')}</strong>, {formatCount(summary.changed)} changed (
      {formatCount(summary.detection_changed)} in what they look for), {formatCount(summary.removed)} gone,{' '}
      {formatCount(summary.unchanged)} as they were.
      {held === 0
        ? ''
        : ` ${formatCount(held)} held back (${formatCount(level)} by level, ${formatCount(status)} by status, ${formatCount(off)} switched off).`}
      {summary.collisions === 0
        ? ''
        : ` ${plural(summary.collisions, 'rule')} with an id that another rule has: the other one counts.`}
    </p>
  );
}

const fileWords = { added: 'New', changed: 'Changed', removed: 'Gone' } as const;

/** What changes without being a rule: a licence is worth a look. */
function OtherFiles({ difference: { files } }: { readonly difference: Difference }) {
  if (files === null)
    return <p className="quiet small">The files in force cannot be read, so only rules are compared.</p>;
  if (files.length === 0) return null;
  return (
    <details>
      <summary>{plural(files.length, 'file')} without rules will be different</summary>
      <ul className="stack tight pack-list small">
        {files.map(({ change, file }) => (
          <li key={file}>
            {fileWords[change]}: <code className="mono">{printable(file)}</code>
          </li>
        ))}
      </ul>
    </details>
  );
}

function Refusals({ difference: { refusals, summary } }: { readonly difference: Difference }) {
  if (refusals.length === 0) return null;
  return (
    <details>
      <summary>{plural(summary.refused, 'thing')} in it cannot be honoured and will not be in force</summary>
      <ul className="stack tight pack-list small">
        {refusals.map(({ file, line, reason }) => (
          <li key={`${file}:${line}:${reason}`}>
            <code className="mono">
              {printable(file)}:{line}
            </code>
            <br />
            {printable(reason)}
          </li>
        ))}
      </ul>
    </details>
  );
}
