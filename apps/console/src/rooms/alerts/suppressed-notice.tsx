import { Button } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { call } from '../../api/call.ts';
import type { AlertDetails } from '../../api/queries.ts';
import { Clock } from '../../parts/clock.tsx';
import { Notice, ProblemNotice } from '../../parts/notice.tsx';
import { printable } from '../../parts/printable.ts';
import { suppressionsQuery } from './alerts-query.ts';
import { suppressionOf } from './suppression-of.ts';

/** Says that more of the same makes no open alert, until when and why, and how to end that. Read aloud when it begins. */
export function SuppressedNotice({ alert, onClose }: { readonly alert: AlertDetails; readonly onClose: () => void }) {
  const queries = useQueryClient();
  const { data } = useQuery(suppressionsQuery);
  const lift = useMutation({
    mutationFn: (id: string) => call('DELETE /v1/suppressions/{id}', { params: { id } }),
    onSettled: () => queries.invalidateQueries({ queryKey: suppressionsQuery.queryKey }),
  });
  const found = suppressionOf(alert, data?.suppressions ?? [], Date.now());
  return (
    <div role="status">
      {found === undefined ? null : (
        <Notice title={found.until === null ? 'Suppressed until somebody lifts it' : 'Suppressed for now'}>
          <p>
            {found.until === null ? null : (
              <>
                Until <Clock at={found.until} short={false} />.{' '}
              </>
            )}
            More of the same makes no open alert. {printable(found.created_by.name)}: “{printable(found.reason)}”
          </p>
          {lift.error === null ? null : <ProblemNotice problem={lift.error} />}
          <div className="row">
            <Button size="compact-sm" variant="default" loading={lift.isPending} onClick={() => lift.mutate(found.id)}>
              Lift it
            </Button>
            {alert.state === 'closed' ? null : (
              <Button size="compact-sm" variant="default" onClick={onClose}>
                Close this one too
              </Button>
            )}
          </div>
        </Notice>
      )}
    </div>
  );
}
