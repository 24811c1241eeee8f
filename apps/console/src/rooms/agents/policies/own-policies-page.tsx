import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { call } from '../../../api/call.ts';
import type { Me } from '../../../api/queries.ts';
import { useAddress } from '../../../app/address.ts';
import { may } from '../../../app/rooms.ts';
import { Notice } from '../../../parts/notice.tsx';
import { printable } from '../../../parts/printable.ts';
import { RoomHead } from '../../../parts/room-head.tsx';
import { BothLists, DocumentsSection } from '../../policies/documents-section.tsx';
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
  const scopeWords = useScopeWords();
  const queries = useQueryClient();
  const removeDamaged = useMutation({
    mutationFn: ({ id, revision }: { readonly id: string; readonly revision: number }) =>
      call('DELETE /v1/agents/policies/documents/{id}', { params: { id }, query: { expected: revision } }),
    onSettled: () => queries.invalidateQueries({ queryKey: ['agent-policies'] }),
  });
  return (
    <BothLists documents={useQuery(ownPoliciesQuery)} versions={useQuery(ownVersionsQuery)}>
      {({ in_force: inForce, documents: list, damaged: unread }, { versions, damaged }) => {
        const active = versions.find(({ version }) => version === inForce.version);
        const held = new Set((active?.documents ?? []).map(({ id }) => id));
        const differs =
          unread.length === 0 &&
          (list.some((one) => !one.in_force) || [...held].some((id) => !list.some((one) => one.id === id)));
        return (
          <>
            {inForce.unreadable === undefined ? null : (
              <Notice
                tone="bad"
                title="Your policies cannot be read: no call of an agent is let through until they are mended"
              >
                <p>{printable(inForce.unreadable)}</p>
              </Notice>
            )}
            <DocumentsSection
              label="Your policies for agents"
              address="/agents/policies"
              documents={list.map((one) => ({
                id: one.id,
                name: one.name,
                standing: one.in_force ? 'in-force' : held.has(one.id) ? 'changed' : 'nowhere',
                about: scopeWords(one.scope),
                changedBy: one.changed_by,
                changed: one.changed_ms,
                tests: one.tests,
              }))}
              damaged={unread.map(({ found_ms: found, ...one }) => ({ ...one, found }))}
              removeDamaged={removeDamaged}
              empty={
                active === undefined
                  ? 'You have none of your own: the pack of each agent decides alone. Write one to forbid a program, to have somebody look at payments, or to let small ones go without a question.'
                  : `Nothing is written any more; version ${active.version} is in force until another takes its place.`
              }
              mayWrite={mayWrite}
              readOnlyWords="You may read policies for agents, not write them."
            />
            {mayWrite ? <ProposedPolicies /> : null}
            <OwnVersions
              versions={versions}
              damaged={damaged}
              inForce={inForce.version ?? 0}
              mayWrite={mayWrite}
              differs={differs}
            />
          </>
        );
      }}
    </BothLists>
  );
}
