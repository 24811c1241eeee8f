import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { call } from '../../../api/call.ts';
import type { Me } from '../../../api/queries.ts';
import { may } from '../../../app/rooms.ts';
import { Notice } from '../../../parts/notice.tsx';
import { printable } from '../../../parts/printable.ts';
import { BothLists, DocumentsSection } from '../../policies/documents-section.tsx';
import { PolicyVersions } from './policy-versions.tsx';
import { documentsQuery, versionsQuery } from './policy-queries.ts';

/** The organisation's documents as they are being written, and the versions that were made of them. */
export function PolicyList({ me }: { readonly me: Me }) {
  const mayWrite = may(me, 'settings:manage');
  const queries = useQueryClient();
  const removeDamaged = useMutation({
    mutationFn: ({ id, revision }: { readonly id: string; readonly revision: number }) =>
      call('DELETE /v1/policy/documents/{id}', { params: { id }, query: { expected: revision } }),
    onSettled: () => queries.invalidateQueries({ queryKey: ['policy'] }),
  });
  return (
    <BothLists documents={useQuery(documentsQuery)} versions={useQuery(versionsQuery)}>
      {({ documents: list, damaged: unread }, { in_force: inForce, versions: all, damaged }) => {
        const active = all.find(({ version }) => version === inForce.version);
        const held = new Map((active?.documents ?? []).map(({ id, sha256 }) => [id, sha256]));
        const differs =
          unread.length === 0 &&
          (list.some(({ id, sha256 }) => held.get(id) !== sha256) ||
            [...held.keys()].some((id) => !list.some((one) => one.id === id)));
        return (
          <>
            {inForce.unreadable === undefined ? null : (
              <Notice tone="bad" title="Your policies cannot be read: most is denied until they are mended">
                <p>{printable(inForce.unreadable)}</p>
              </Notice>
            )}
            <DocumentsSection
              label="Your policies"
              address="/people/policy"
              documents={list.map(({ id, name, changed, changed_by: changedBy, tests, sha256 }) => ({
                id,
                name,
                standing: held.get(id) === sha256 ? 'in-force' : held.has(id) ? 'changed' : 'nowhere',
                changedBy,
                changed,
                tests,
              }))}
              damaged={unread}
              removeDamaged={removeDamaged}
              empty="You have no policies of your own: the built-in ones decide alone. Write one to narrow what a role may do, to bind it to a place or a time, or to make a role of your own."
              mayWrite={mayWrite}
              readOnlyWords="You may read policies, not write them."
            />
            <PolicyVersions
              versions={all}
              damaged={damaged}
              inForce={inForce.version}
              mayWrite={mayWrite}
              differs={differs}
            />
          </>
        );
      }}
    </BothLists>
  );
}
