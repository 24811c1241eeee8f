import { Button, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { call } from '../../../api/call.ts';
import { useAddress } from '../../../app/address.ts';
import { Clock } from '../../../parts/clock.tsx';
import { ProblemNotice } from '../../../parts/notice.tsx';
import { plural } from '../../../parts/numbers.ts';
import { printable } from '../../../parts/printable.ts';
import { stateWords } from './answer-words.ts';
import { PolicyImpact } from './policy-impact.tsx';
import type { Version } from './policy-queries.ts';
import { VersionDifferences } from './version-differences.tsx';

/** Every version, what it would change, and the steps into force and back. */
export function PolicyVersions({
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
  const refresh = (): Promise<void> => queries.invalidateQueries({ queryKey: ['policy'] });
  const stage = useMutation({
    mutationFn: (from?: number) =>
      call('POST /v1/policy/versions', { body: { note, ...(from === undefined ? {} : { from }) } }),
    onSuccess({ version }) {
      setNote('');
      change({ version: String(version.version) });
    },
    onSettled: refresh,
  });
  const step = useMutation({
    mutationFn: ({ version, name }: { version: number; name: 'activate' | 'approve' }) =>
      name === 'activate'
        ? call('POST /v1/policy/versions/{version}/activate', {
            params: { version },
            body: { expected: inForce },
            purpose: 'put policies into force',
          })
        : call('POST /v1/policy/versions/{version}/approve', {
            params: { version },
            body: { expected: inForce },
            purpose: 'approve policies',
          }),
    onSettled: refresh,
  });
  const withdraw = useMutation({
    mutationFn: (version: number) => call('POST /v1/policy/versions/{version}/withdraw', { params: { version } }),
    onSettled: refresh,
  });
  const error = stage.error ?? step.error ?? withdraw.error;
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
                <strong>{one.version}</strong> <span className="chip">{stateWords[one.state] ?? one.state}</span>{' '}
                <span className="quiet small">
                  {printable(one.made_by)}, <Clock at={one.made} short={false} />,{' '}
                  {plural(one.documents.length, 'document')}
                  {one.from === undefined ? '' : `, as version ${one.from} was`}
                  {one.approved_by === undefined ? '' : `, approved by ${printable(one.approved_by)}`}
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
                {one.state === 'staged' || one.state === 'waiting' ? 'What would change' : 'Compare with now'}
              </Button>
              {mayWrite && one.state === 'staged' ? (
                <Button
                  size="xs"
                  loading={step.isPending}
                  onClick={() => step.mutate({ version: one.version, name: 'activate' })}
                >
                  Put into force
                </Button>
              ) : null}
              {mayWrite && one.state === 'waiting' ? (
                <Button
                  size="xs"
                  loading={step.isPending}
                  onClick={() => step.mutate({ version: one.version, name: 'approve' })}
                >
                  Approve
                </Button>
              ) : null}
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
            {opened === one.version ? <PolicyImpact version={one.version} against={inForce} /> : null}
            {opened === one.version ? (
              <details className="sheet tight" open={get('lines') === '1'}>
                <summary
                  onClick={(event) => {
                    event.preventDefault();
                    change({ lines: get('lines') === '1' ? undefined : '1' }, { replace: true });
                  }}
                >
                  {one.version === inForce
                    ? 'What was changed for it, line by line'
                    : 'What differs in the texts, line by line'}
                </summary>
                {get('lines') === '1' ? (
                  <VersionDifferences
                    from={one.version === inForce ? before(versions, inForce) : inForce}
                    to={one.version}
                  />
                ) : null}
              </details>
            ) : null}
          </li>
        ))}
      </ul>
      {mayWrite && inForce !== 0 ? (
        <button type="button" className="plain-button small" onClick={() => stage.mutate(0)}>
          Stage the built-in policies alone
        </button>
      ) : null}
    </section>
  );
}

/** The version that was in force before: the one put into force last but this. */
function before(versions: readonly Version[], inForce: number): number {
  const former = versions
    .filter(({ version, activated }) => activated !== undefined && version !== inForce)
    .toSorted((one, other) => Date.parse(other.activated ?? '') - Date.parse(one.activated ?? ''));
  return former[0]?.version ?? 0;
}
