import { Button } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { call } from '../../../api/call.ts';
import { useAddress } from '../../../app/address.ts';
import { ChangedLines, FoundDifferences } from '../../policies/changed-lines.tsx';
import { VersionsSection } from '../../policies/versions-section.tsx';
import { PolicyImpact } from './policy-impact.tsx';
import { differencesQuery } from './policy-queries.ts';
import type { Version, Versions } from './policy-queries.ts';

/** Every version, what it would change, and the steps into force and back. */
export function PolicyVersions({
  versions,
  damaged,
  inForce,
  mayWrite,
  differs,
}: Pick<Versions, 'versions' | 'damaged'> & {
  readonly inForce: number;
  readonly mayWrite: boolean;
  readonly differs: boolean;
}) {
  const queries = useQueryClient();
  const { change } = useAddress();
  const refresh = (): Promise<void> => queries.invalidateQueries({ queryKey: ['policy'] });
  const stage = useMutation({
    mutationFn: (body: { readonly note: string; readonly from?: number }) =>
      call('POST /v1/policy/versions', { body: { ...body } }),
    onSuccess: ({ version }) => change({ version: String(version.version) }),
    onSettled: refresh,
  });
  const step = useMutation({
    mutationFn: ({ version, sha256, state }: Version) => {
      const agreed = { params: { version }, body: { expected: inForce, sha256 } };
      return state === 'staged'
        ? call('POST /v1/policy/versions/{version}/activate', { ...agreed, purpose: 'put policies into force' })
        : call('POST /v1/policy/versions/{version}/approve', { ...agreed, purpose: 'approve policies' });
    },
    onSettled: refresh,
  });
  const withdraw = useMutation({
    mutationFn: (version: number) => call('POST /v1/policy/versions/{version}/withdraw', { params: { version } }),
    onSettled: refresh,
  });
  const asked = new Map(versions.map((one) => [one.version, one]));
  return (
    <VersionsSection
      versions={versions.map((one) => ({
        ...one,
        madeBy: one.made_by,
        documents: one.documents.length,
        from: one.from,
        approvedBy: one.approved_by,
      }))}
      damaged={damaged}
      mayWrite={mayWrite}
      differs={differs}
      problem={stage.error ?? step.error ?? withdraw.error}
      stage={stage}
      withdraw={withdraw}
      openWords={(isOpen) => (isOpen ? 'What would change' : 'Compare with now')}
      steps={({ version, state }) => {
        const made = asked.get(version);
        return made === undefined || (state !== 'staged' && state !== 'waiting') ? null : (
          <Button size="xs" loading={step.isPending} onClick={() => step.mutate(made)}>
            {state === 'staged' ? 'Put into force' : 'Approve'}
          </Button>
        );
      }}
      below={({ version }) => (
        <>
          <PolicyImpact version={version} against={inForce} />
          <ChangedLines
            versions={versions.map((one) => ({
              version: one.version,
              activatedMs: one.activated === undefined ? undefined : Date.parse(one.activated),
            }))}
            version={version}
            inForce={inForce}
          >
            {(from) => <Differences from={from} to={version} />}
          </ChangedLines>
        </>
      )}
    >
      {mayWrite && inForce !== 0 ? (
        <button type="button" className="plain-button small" onClick={() => stage.mutate({ note: '', from: 0 })}>
          Stage the built-in policies alone
        </button>
      ) : null}
    </VersionsSection>
  );
}

function Differences({ from, to }: { readonly from: number; readonly to: number }) {
  return <FoundDifferences from={from} to={to} documents={useQuery(differencesQuery(from, to))} />;
}
