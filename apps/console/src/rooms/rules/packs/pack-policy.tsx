import { NativeSelect } from '@mantine/core';
import { ProblemNotice } from '../../../parts/notice.tsx';
import type { ShownPack } from './packs-queries.ts';
import { usePackChange } from './use-pack-change.ts';

type Policy = ShownPack['policy'];

const levels: readonly Policy['minimum_level'][] = ['informational', 'low', 'medium', 'high', 'critical'];
const statuses: readonly Policy['minimum_status'][] = ['stable', 'test', 'experimental', 'deprecated', 'unsupported'];

/** Which rules of a pack are let in, in every release. A change of what is in force is loaded before it is said. */
export function PackPolicy({ pack, canManage }: { readonly pack: ShownPack; readonly canManage: boolean }) {
  const { mutate, isPending, error, variables } = usePackChange('PUT /v1/rules/packs/{name}/policy');
  const shown = isPending ? variables.body : pack.policy;
  const set = (changed: Partial<Policy>): void =>
    mutate({ params: { name: pack.name }, body: { ...pack.policy, ...changed } });
  return (
    <div className="stack tight">
      <div className="row">
        <NativeSelect
          label="Rules from this level on"
          disabled={!canManage || isPending}
          value={shown.minimum_level}
          data={[...levels]}
          onChange={({ currentTarget }) => {
            const level = levels.find((one) => one === currentTarget.value);
            if (level !== undefined) set({ minimum_level: level });
          }}
        />
        <NativeSelect
          label="Of this status or better"
          disabled={!canManage || isPending}
          value={shown.minimum_status}
          data={[...statuses]}
          onChange={({ currentTarget }) => {
            const status = statuses.find((one) => one === currentTarget.value);
            if (status !== undefined) set({ minimum_status: status });
          }}
        />
        {isPending ? <span className="small quiet">Being loaded…</span> : null}
      </div>
      {error === null ? null : <ProblemNotice problem={error} />}
    </div>
  );
}
