import { useMutation, useQueryClient } from '@tanstack/react-query';
import { call } from '../../api/call.ts';
import { zonesQuery } from './camera-queries.ts';
import type { WatchPlan, Zone } from './camera-types.ts';
import { planOf } from './zone-draft.ts';

/** Keeps zones, unless somebody else changed them since `revision` was read. */
export function useSavePlan(camera: string, revision: number) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: async (zones: readonly Zone[]): Promise<WatchPlan> =>
      planOf(
        await call('PUT /v1/cameras/{id}/zones', {
          params: { id: camera },
          body: { zones: zones.map((zone) => ({ ...zone, name: zone.name.trim() })), revision },
        }),
      ),
    onSuccess: (kept) => queries.setQueryData(zonesQuery(camera).queryKey, kept),
  });
}
