import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { call } from '../../../api/call.ts';
import { useAddress } from '../../../app/address.ts';
import { ChangedLines, FoundDifferences } from '../../policies/changed-lines.tsx';
import { VersionsSection } from '../../policies/versions-section.tsx';
import { OwnImpact } from './own-impact.tsx';
import { ownDifferencesQuery } from './own-policy-queries.ts';
import type { Versions } from './own-policy-queries.ts';
import { useScopeWords } from './scope-words.ts';

/** Every version, what it would change, and the steps into force and back. */
export function OwnVersions({
  versions,
  damaged,
  inForce,
  mayWrite,
  differs,
}: Versions & {
  readonly inForce: number;
  readonly mayWrite: boolean;
  readonly differs: boolean;
}) {
  const queries = useQueryClient();
  const { change } = useAddress();
  const refresh = (): Promise<void> => queries.invalidateQueries({ queryKey: ['agent-policies'] });
  const stage = useMutation({
    mutationFn: (body: { readonly note: string; readonly from?: number }) =>
      call('POST /v1/agents/policies/versions', { body: { ...body } }),
    onSuccess: ({ version }) => change({ version: String(version.version) }),
    onSettled: refresh,
  });
  const withdraw = useMutation({
    mutationFn: (version: number) =>
      call('POST /v1/agents/policies/versions/{version}/withdraw', { params: { version } }),
    onSettled: refresh,
  });
  return (
    <VersionsSection
      versions={versions.map((whole) => ({
        version: whole.version,
        state: whole.state,
        madeBy: whole.made_by.name,
        made: whole.made_ms,
        documents: whole.documents.length,
        from: whole.from,
        approvedBy: whole.approved_by?.name,
        note: whole.note,
        whole,
      }))}
      damaged={damaged.map(({ found_ms: found, ...one }) => ({ ...one, found }))}
      mayWrite={mayWrite}
      differs={differs}
      problem={stage.error ?? withdraw.error}
      stage={stage}
      withdraw={withdraw}
      openWords={(isOpen) => (isOpen ? 'What would change' : 'Look')}
      below={({ version, whole }) => (
        <>
          <OwnImpact made={whole} inForce={inForce} mayWrite={mayWrite} />
          <ChangedLines
            versions={versions.map((one) => ({ version: one.version, activatedMs: one.activated_ms }))}
            version={version}
            inForce={inForce}
          >
            {(from) => <Differences from={from} to={version} />}
          </ChangedLines>
        </>
      )}
    />
  );
}

function Differences({ from, to }: { readonly from: number; readonly to: number }) {
  const scopeWords = useScopeWords();
  const { data, error, refetch } = useQuery(ownDifferencesQuery(from, to));
  const documents = data?.map(({ was, is, ...one }) => {
    const [before, after] = [was, is].map((scope) => (scope === undefined ? undefined : scopeWords(scope)));
    return {
      ...one,
      ...(before === undefined || after === undefined || before === after
        ? {}
        : { also: `It was about ${before}, and is about ${after}.` }),
    };
  });
  return <FoundDifferences from={from} to={to} documents={{ data: documents, error, refetch }} />;
}
