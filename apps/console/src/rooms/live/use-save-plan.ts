import { useMutation, useQueryClient } from '@tanstack/react-query';
import { callByHand } from '../../api/call.ts';
import { zonesQuery } from './camera-queries.ts';
import type { WatchPlan, Zone } from './camera-types.ts';

/** Keeps zones, unless somebody else changed them since they were read. */
export function useSavePlan(camera: string, plan: WatchPlan) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (zones: readonly Zone[]) =>
      callByHand<WatchPlan>('PUT /v1/cameras/{id}/zones', {
        params: { id: camera },
        body: { zones: zones.map((zone) => ({ ...zone, name: zone.name.trim() })), revision: plan.revision },
      }),
    onSuccess: (kept) => queries.setQueryData(zonesQuery(camera).queryKey, kept),
  });
}
