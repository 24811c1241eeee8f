import { Button } from '@mantine/core';
import type { UseQueryResult } from '@tanstack/react-query';
import type { ComponentProps, ReactNode } from 'react';
import { Link } from 'wouter';
import { Clock } from '../../parts/clock.tsx';
import { Loading } from '../../parts/loading.tsx';
import { ProblemNotice } from '../../parts/notice.tsx';
import { plural } from '../../parts/numbers.ts';
import { printable } from '../../parts/printable.ts';
import { DamagedDocuments } from './damaged.tsx';
import type { DamagedDocument } from './damaged.tsx';

export type ListedDocument = {
  readonly id: string;
  readonly name: string;
  readonly standing: 'in-force' | 'changed' | 'nowhere';
  /** Whose calls it is about, where that stands beside it. */
  readonly about?: string;
  readonly changedBy: string;
  readonly changed: string | number;
  readonly tests: number;
};

const standingWords = { 'in-force': 'In force', changed: 'Changed since', nowhere: 'Not in force' } as const;

/** Policies as they are being written. */
export function DocumentsSection({
  label,
  address,
  documents,
  damaged,
  removeDamaged,
  empty,
  mayWrite,
  readOnlyWords,
}: {
  readonly label: string;
  readonly address: string;
  readonly documents: readonly ListedDocument[];
  readonly damaged: readonly DamagedDocument[];
  readonly removeDamaged: ComponentProps<typeof DamagedDocuments>['remove'];
  readonly empty: string;
  readonly mayWrite: boolean;
  readonly readOnlyWords: string;
}) {
  return (
    <section className="sheet stack tight" aria-label={label}>
      <DamagedDocuments damaged={damaged} address={address} mayWrite={mayWrite} remove={removeDamaged} />
      {documents.length === 0 ? (
        damaged.length === 0 ? (
          <p>{empty}</p>
        ) : null
      ) : (
        <ul className="lines">
          {documents.map(({ id, name, standing, about, changedBy, changed, tests }) => (
            <li key={id}>
              <span className="line-main">
                <span className="line-name">
                  <Link href={`${address}?document=${id}`}>{printable(name)}</Link>{' '}
                  <span className="chip">{standingWords[standing]}</span>
                </span>
                <span className="quiet small">
                  {about === undefined ? '' : `${about} · `}
                  {printable(changedBy)}, <Clock at={changed} short={false} /> · {plural(tests, 'test')}
                </span>
              </span>
            </li>
          ))}
        </ul>
      )}
      {mayWrite ? (
        <div className="row">
          <Button component={Link} href={`${address}?document=new`} variant="default">
            Write a policy
          </Button>
        </div>
      ) : (
        <p className="quiet small">{readOnlyWords}</p>
      )}
    </section>
  );
}

/** What is written, and what was made of it: shown once both are there. */
export function BothLists<Documents, Versions>({
  documents,
  versions,
  children,
}: {
  readonly documents: UseQueryResult<Documents>;
  readonly versions: UseQueryResult<Versions>;
  readonly children: (documents: Documents, versions: Versions) => ReactNode;
}) {
  const error = documents.error ?? versions.error;
  if (error !== null)
    return (
      <ProblemNotice
        problem={error}
        retry={() => {
          void documents.refetch();
          void versions.refetch();
        }}
      />
    );
  if (documents.data === undefined || versions.data === undefined) return <Loading heights={[44, 120, 200]} />;
  return <div className="stack">{children(documents.data, versions.data)}</div>;
}
