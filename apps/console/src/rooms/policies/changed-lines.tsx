import type { ReactNode } from 'react';
import { useAddress } from '../../app/address.ts';
import { Loading } from '../../parts/loading.tsx';
import { ProblemNotice } from '../../parts/notice.tsx';
import { TextDifferences } from './text-differences.tsx';
import type { Difference } from './text-differences.tsx';

/** The texts of a version beside those of another, once somebody opens them: `children` is told which. */
export function ChangedLines({
  versions,
  version,
  inForce,
  children,
}: {
  readonly versions: readonly { readonly version: number; readonly activatedMs: number | undefined }[];
  readonly version: number;
  readonly inForce: number;
  readonly children: (from: number) => ReactNode;
}) {
  const { get, change } = useAddress();
  const isOpen = get('lines') === '1';
  return (
    <details className="sheet tight" open={isOpen}>
      <summary
        onClick={(event) => {
          event.preventDefault();
          change({ lines: isOpen ? undefined : '1' }, { replace: true });
        }}
      >
        {version === inForce ? 'What was changed for it, line by line' : 'What differs in the texts, line by line'}
      </summary>
      {isOpen ? children(comparedWith(versions, version, inForce)) : null}
    </details>
  );
}

/** Document by document, once they are there. */
export function FoundDifferences({
  from,
  to,
  documents: { data, error, refetch },
}: {
  readonly from: number;
  readonly to: number;
  readonly documents: {
    readonly data: readonly Difference[] | undefined;
    readonly error: unknown;
    refetch(): unknown;
  };
}) {
  if (error !== null) return <ProblemNotice problem={error} retry={() => void refetch()} />;
  if (data === undefined) return <Loading heights={[120]} />;
  return <TextDifferences from={from} to={to} documents={data} />;
}

/** What a version is put beside: what is in force, and that beside what was in force before it. */
function comparedWith(
  versions: readonly { readonly version: number; readonly activatedMs: number | undefined }[],
  version: number,
  inForce: number,
): number {
  if (version !== inForce) return inForce;
  const former = versions
    .filter((one) => one.activatedMs !== undefined && one.version !== inForce)
    .toSorted((one, other) => (other.activatedMs ?? 0) - (one.activatedMs ?? 0));
  return former[0]?.version ?? 0;
}
