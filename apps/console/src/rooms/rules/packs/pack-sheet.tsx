import { Button } from '@mantine/core';
import { Clock } from '../../../parts/clock.tsx';
import { Notice, ProblemNotice } from '../../../parts/notice.tsx';
import { formatCount, plural } from '../../../parts/numbers.ts';
import { printable } from '../../../parts/printable.ts';
import { PackPolicy } from './pack-policy.tsx';
import type { ShownPack, ShownVersion } from './packs-queries.ts';
import { SwitchedOff } from './switched-off.tsx';
import { usePackChange } from './use-pack-change.ts';

const states: Readonly<Record<ShownVersion['state'], string>> = {
  reading: 'Being read',
  failed: 'Cannot be read',
  staged: 'Waits',
  in_force: 'In force',
  before: 'Was in force',
};

/** A pack: its releases, what of it is let in, and what is switched off. */
export function PackSheet({
  pack,
  canManage,
  onOpen,
}: {
  readonly pack: ShownPack;
  readonly canManage: boolean;
  readonly onOpen: (version: string) => void;
}) {
  const rollback = usePackChange('POST /v1/rules/packs/{name}/rollback');
  const discard = usePackChange('DELETE /v1/rules/packs/{name}/versions/{version}');
  const remove = usePackChange('DELETE /v1/rules/packs/{name}');
  const { name, can_go_back_to: before } = pack;
  const problem = rollback.error ?? discard.error ?? remove.error;
  return (
    <section className="sheet" aria-label={`Rule pack ${name}`}>
      <div className="sheet-head">
        <h2>{name}</h2>
        <span className="quiet small">
          {pack.in_force === null ? 'nothing in force' : `${pack.in_force} is in force`}
        </span>
        {canManage ? (
          <div className="row">
            {before === null ? null : (
              <Button
                variant="default"
                size="xs"
                loading={rollback.isPending}
                onClick={() => rollback.mutate({ params: { name } })}
              >
                Back to {before}
              </Button>
            )}
            <RemovePack name={name} isPending={remove.isPending} onRemove={() => remove.mutate({ params: { name } })} />
          </div>
        ) : null}
      </div>
      {problem === null ? null : <ProblemNotice problem={problem} />}
      {pack.damage === null ? null : (
        <Notice tone="bad" title="Nothing of this pack is in force, although it should be">
          <p>{printable(pack.damage)}. Other rules are not affected. Import the same file again to put it back.</p>
        </Notice>
      )}
      <div className="table-wrap" tabIndex={0} role="region" aria-label={`Releases of ${name}`}>
        <table className="plain pack-releases">
          <thead>
            <tr>
              <th scope="col">Release</th>
              <th scope="col">State</th>
              <th scope="col" className="number">
                Rules
              </th>
              <th scope="col" className="number">
                Refused
              </th>
              <th scope="col">Made</th>
              <th scope="col">Imported</th>
              <th scope="col">
                <span className="visually-hidden">Actions</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {pack.versions.map((one) => (
              <tr key={one.version}>
                <td>
                  {one.state === 'reading' || one.state === 'failed' ? (
                    one.version
                  ) : (
                    <button type="button" className="plain-button" onClick={() => onOpen(one.version)}>
                      {one.version}
                    </button>
                  )}
                </td>
                <td>
                  {one.state === 'in_force' ? <strong>{states.in_force}</strong> : states[one.state]}
                  {one.state === 'reading' ? <ReadingProgress version={one} /> : null}
                  {one.reason === undefined ? null : <p className="small quiet">{printable(one.reason)}</p>}
                </td>
                <td className="number">{one.state === 'reading' ? '' : formatCount(one.rules)}</td>
                <td className="number">{one.state === 'reading' ? '' : formatCount(one.refused)}</td>
                <td>
                  <Clock at={one.created} />
                </td>
                <td>
                  <Clock at={one.imported} /> <span className="quiet small">{printable(one.imported_by.name)}</span>
                </td>
                <td>
                  {canManage && one.state !== 'in_force' ? (
                    <button
                      type="button"
                      className="plain-button small"
                      aria-label={`Discard ${one.version}`}
                      onClick={() => discard.mutate({ params: { name, version: one.version } })}
                    >
                      Discard
                    </button>
                  ) : null}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <PackPolicy pack={pack} canManage={canManage} />
      <SwitchedOff pack={pack} canManage={canManage} />
    </section>
  );
}

function ReadingProgress({ version: { version, progress } }: { readonly version: ShownVersion }) {
  const { done = 0, of = 0 } = progress ?? {};
  return (
    <>
      <progress className="hunt-progress" max={of === 0 ? 1 : of} value={done} aria-label={`Reading ${version}`} />
      <span className="small quiet">
        {formatCount(done)} of {plural(of, 'rule file')}
      </span>
    </>
  );
}

function RemovePack({
  name,
  isPending,
  onRemove,
}: {
  readonly name: string;
  readonly isPending: boolean;
  readonly onRemove: () => void;
}) {
  return (
    <details className="small">
      <summary>Remove</summary>
      <div className="stack tight">
        <p>
          Takes every rule of {name} out of force and forgets its releases, its policy and what is switched off.
          Findings stay.
        </p>
        <Button color="red" size="xs" loading={isPending} onClick={onRemove}>
          Remove {name}
        </Button>
      </div>
    </details>
  );
}
