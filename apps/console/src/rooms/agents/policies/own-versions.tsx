import { Button, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { call } from '../../../api/call.ts';
import { useAddress } from '../../../app/address.ts';
import { Clock } from '../../../parts/clock.tsx';
import { ProblemNotice } from '../../../parts/notice.tsx';
import { plural } from '../../../parts/numbers.ts';
import { printable } from '../../../parts/printable.ts';
import { OwnImpact } from './own-impact.tsx';
import type { Version } from './own-policy-queries.ts';

const stateWords: Readonly<Record<Version['state'], string>> = {
  staged: 'Staged',
  waiting: 'Waits for somebody else',
  active: 'In force',
  former: 'Was in force',
  withdrawn: 'Withdrawn',
};

/** Every version, what it would change, and the steps into force and back. */
export function OwnVersions({
  versions,
  inForce,
  mayWrite,
  differs,
}: {
  readonly versions: readonly Version[];
  readonly inForce: number;
  readonly mayWrite: boolean;
  readonly differs: boolean;
}) {
  const queries = useQueryClient();
  const { get, change } = useAddress();
  const [note, setNote] = useState('');
  const opened = Number(get('version') ?? 0);
  const refresh = (): Promise<void> => queries.invalidateQueries({ queryKey: ['agent-policies'] });
  const stage = useMutation({
    mutationFn: (from?: number) =>
      call('POST /v1/agents/policies/versions', { body: { note, ...(from === undefined ? {} : { from }) } }),
    onSuccess({ version }) {
      setNote('');
      change({ version: String(version.version) });
    },
    onSettled: refresh,
  });
  const withdraw = useMutation({
    mutationFn: (version: number) =>
      call('POST /v1/agents/policies/versions/{version}/withdraw', { params: { version } }),
    onSettled: refresh,
  });
  const error = stage.error ?? withdraw.error;
  return (
    <section className="sheet stack tight" aria-label="Versions">
      <h2>Versions</h2>
      {error === null ? null : <ProblemNotice problem={error} />}
      {mayWrite && differs ? (
        <div className="row">
          <TextInput
            className="grow"
            aria-label="What you changed"
            placeholder="What you changed, for those who come later (optional)"
            maxLength={500}
            value={note}
            onChange={(event) => setNote(event.currentTarget.value)}
          />
          <Button loading={stage.isPending} onClick={() => stage.mutate(undefined)}>
            Stage what is written
          </Button>
        </div>
      ) : null}
      {versions.length === 0 ? <p className="quiet">Nothing was staged yet.</p> : null}
      <ul className="lines">
        {versions.map((one) => (
          <li key={one.version} className="policy-version">
            <div className="row">
              <span className="grow">
                <strong>{one.version}</strong> <span className="chip">{stateWords[one.state]}</span>{' '}
                <span className="quiet small">
                  {printable(one.made_by.name)}, <Clock at={one.made_ms} />, {plural(one.documents.length, 'document')}
                  {one.from === undefined ? '' : `, as version ${one.from} was`}
                  {one.approved_by === undefined ? '' : `, approved by ${printable(one.approved_by.name)}`}
                </span>
                {one.note === '' ? null : <span className="small"> {printable(one.note)}</span>}
              </span>
              <Button
                variant="default"
                size="xs"
                aria-expanded={opened === one.version}
                onClick={() =>
                  change({ version: opened === one.version ? undefined : String(one.version) }, { replace: true })
                }
              >
                {one.state === 'staged' || one.state === 'waiting' ? 'What would change' : 'Look'}
              </Button>
              {mayWrite && (one.state === 'staged' || one.state === 'waiting') ? (
                <Button size="xs" variant="default" onClick={() => withdraw.mutate(one.version)}>
                  {one.state === 'waiting' ? 'Decline' : 'Withdraw'}
                </Button>
              ) : null}
              {mayWrite && one.state === 'former' ? (
                <Button size="xs" variant="default" onClick={() => stage.mutate(one.version)}>
                  Stage again
                </Button>
              ) : null}
            </div>
            {opened === one.version ? <OwnImpact made={one} inForce={inForce} mayWrite={mayWrite} /> : null}
          </li>
        ))}
      </ul>
    </section>
  );
}
