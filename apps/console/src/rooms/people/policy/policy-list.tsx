import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import type { Me } from '../../../api/queries.ts';
import { may } from '../../../app/rooms.ts';
import { Clock } from '../../../parts/clock.tsx';
import { Loading } from '../../../parts/loading.tsx';
import { Notice, ProblemNotice } from '../../../parts/notice.tsx';
import { plural } from '../../../parts/numbers.ts';
import { printable } from '../../../parts/printable.ts';
import { PolicyVersions } from './policy-versions.tsx';
import { documentsQuery, versionsQuery } from './policy-queries.ts';

/** The organisation's documents as they are being written, and the versions that were made of them. */
export function PolicyList({ me }: { readonly me: Me }) {
  const documents = useQuery(documentsQuery);
  const versions = useQuery(versionsQuery);
  const mayWrite = may(me, 'settings:manage');
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
  const { in_force: inForce, versions: all } = versions.data;
  const active = all.find(({ version }) => version === inForce.version);
  const held = new Map((active?.documents ?? []).map(({ id, sha256 }) => [id, sha256]));
  const list = documents.data.documents;
  const differs =
    list.some(({ id, sha256 }) => held.get(id) !== sha256) ||
    [...held.keys()].some((id) => !list.some((one) => one.id === id));
  return (
    <div className="stack">
      {inForce.unreadable === undefined ? null : (
        <Notice tone="bad" title="Your policies cannot be read: most is denied until they are mended">
          <p>{printable(inForce.unreadable)}</p>
        </Notice>
      )}
      <section className="sheet stack tight" aria-label="Your policies">
        {list.length === 0 ? (
          <p>
            You have no policies of your own: the built-in ones decide alone. Write one to narrow what a role may do, to
            bind it to a place or a time, or to make a role of your own.
          </p>
        ) : (
          <ul className="lines">
            {list.map(({ id, name, changed, changed_by: by, tests, sha256 }) => (
              <li key={id}>
                <Link href={`/people/policy?document=${id}`}>{printable(name)}</Link>{' '}
                {held.get(id) === sha256 ? (
                  <span className="chip">In force</span>
                ) : (
                  <span className="chip">{held.has(id) ? 'Changed since' : 'Not in force'}</span>
                )}{' '}
                <span className="quiet small">
                  {printable(by)}, <Clock at={changed} short={false} />, {plural(tests, 'test')}
                </span>
              </li>
            ))}
          </ul>
        )}
        {mayWrite ? (
          <div className="row">
            <Button component={Link} href="/people/policy?document=new" variant="default">
              Write a policy
            </Button>
          </div>
        ) : (
          <p className="quiet small">You may read policies, not write them.</p>
        )}
      </section>
      <PolicyVersions versions={all} inForce={inForce.version} mayWrite={mayWrite} differs={differs} />
    </div>
  );
}
