import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import type { Me } from '../../../api/queries.ts';
import { useAddress } from '../../../app/address.ts';
import { may } from '../../../app/rooms.ts';
import { Clock } from '../../../parts/clock.tsx';
import { Loading } from '../../../parts/loading.tsx';
import { Notice, ProblemNotice } from '../../../parts/notice.tsx';
import { plural } from '../../../parts/numbers.ts';
import { printable } from '../../../parts/printable.ts';
import { RoomHead } from '../../../parts/room-head.tsx';
import { OwnDocument } from './own-document.tsx';
import { ownPoliciesQuery, ownVersionsQuery } from './own-policy-queries.ts';
import { OwnVersions } from './own-versions.tsx';
import { ProposedPolicies } from './proposed-policies.tsx';
import { useScopeWords } from './scope-words.ts';

/** The organisation's own policies for agents, beside the pack each of them has. */
export function OwnPoliciesPage({ me }: { readonly me: Me }) {
  const { get } = useAddress();
  const document = get('document');
  if (document !== undefined) return <OwnDocument key={document} me={me} id={document} />;
  return (
    <div className="room-inner">
      <RoomHead
        title="Policies"
        lead="Yours, beside the pack each agent has. They forbid or ask more, and let go what a pack would ask about; never what it refuses, tools nobody approved, or what guards agents."
      />
      <Lists mayWrite={may(me, 'agents:manage')} />
    </div>
  );
}

function Lists({ mayWrite }: { readonly mayWrite: boolean }) {
  const documents = useQuery(ownPoliciesQuery);
  const versions = useQuery(ownVersionsQuery);
  const scopeWords = useScopeWords();
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
  const { in_force: inForce, documents: list } = documents.data;
  const active = versions.data.versions.find(({ version }) => version === inForce.version);
  const differs =
    list.some((one) => !one.in_force) || (active?.documents ?? []).some(({ id }) => !list.some((one) => one.id === id));
  return (
    <div className="stack">
      {inForce.unreadable === undefined ? null : (
        <Notice
          tone="bad"
          title="Your policies cannot be read: no call of an agent is let through until they are mended"
        >
          <p>{printable(inForce.unreadable)}</p>
        </Notice>
      )}
      <section className="sheet stack tight" aria-label="Your policies for agents">
        {list.length === 0 ? (
          <p>
            {active === undefined
              ? 'You have none of your own: the pack of each agent decides alone. Write one to forbid a program, to have somebody look at payments, or to let small ones go without a question.'
              : `Nothing is written any more; version ${active.version} is in force until another takes its place.`}
          </p>
        ) : (
          <ul className="lines">
            {list.map((one) => (
              <li key={one.id}>
                <span className="line-main">
                  <span className="line-name">
                    <Link href={`/agents/policies?document=${one.id}`}>{printable(one.name)}</Link>{' '}
                    <span className="chip">
                      {one.in_force
                        ? 'In force'
                        : active?.documents.some(({ id }) => id === one.id) === true
                          ? 'Changed since'
                          : 'Not in force'}
                    </span>
                  </span>
                  <span className="quiet small">
                    {scopeWords(one.scope)} · {printable(one.changed_by)}, <Clock at={one.changed_ms} /> ·{' '}
                    {plural(one.tests, 'test')}
                  </span>
                </span>
              </li>
            ))}
          </ul>
        )}
        {mayWrite ? (
          <div className="row">
            <Button component={Link} href="/agents/policies?document=new" variant="default">
              Write a policy
            </Button>
          </div>
        ) : (
          <p className="quiet small">You may read policies for agents, not write them.</p>
        )}
      </section>
      {mayWrite ? <ProposedPolicies /> : null}
      <OwnVersions
        versions={versions.data.versions}
        inForce={inForce.version ?? 0}
        mayWrite={mayWrite}
        differs={differs}
      />
    </div>
  );
}
