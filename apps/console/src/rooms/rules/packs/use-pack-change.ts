import { useMutation, useQueryClient } from '@tanstack/react-query';
import { call } from '../../../api/call.ts';
import type { Answer, Request } from '../../../api/call.ts';

type Change =
  | 'POST /v1/rules/packs/{name}/activate'
  | 'POST /v1/rules/packs/{name}/rollback'
  | 'DELETE /v1/rules/packs/{name}/versions/{version}'
  | 'DELETE /v1/rules/packs/{name}'
  | 'PUT /v1/rules/packs/{name}/policy'
  | 'PUT /v1/rules/packs/{name}/off/{rule}'
  | 'DELETE /v1/rules/packs/{name}/off/{rule}'
  | 'POST /v1/rules/packs/{name}/versions/{version}/try'
  | 'POST /v1/rules/pack-keys'
  | 'DELETE /v1/rules/pack-keys/{id}';

/** A change of packs: whatever shows packs, their differences or rules in force asks again when it is made. */
export function usePackChange<R extends Change>(route: R) {
  const client = useQueryClient();
  return useMutation<Answer<R>, Error, Request<R>>({
    mutationFn: (request) => call(route, request),
    async onSuccess() {
      await Promise.all(
        ['rule-packs', 'rule-pack-keys', 'rule-pack-diff', 'rules'].map((first) =>
          client.invalidateQueries({ queryKey: [first] }),
        ),
      );
    },
  });
}
