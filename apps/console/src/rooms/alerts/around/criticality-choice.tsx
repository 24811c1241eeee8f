import { Button, NativeSelect, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { call } from '../../../api/call.ts';
import type { Me } from '../../../api/queries.ts';
import { may } from '../../../app/rooms.ts';
import { ProblemNotice } from '../../../parts/notice.tsx';
import { printable } from '../../../parts/printable.ts';
import { criticalityWords } from './around-query.ts';
import type { AroundNode, CriticalityLevel } from './around-query.ts';

const levels: readonly CriticalityLevel[] = ['low', 'normal', 'high', 'crown_jewel'];
const assetKinds = ['person', 'host', 'device', 'camera', 'site'] as const;

/** How much an asset matters; whoever maintains rules may say otherwise, with a reason that is kept. */
export function CriticalityChoice({ node, me }: { readonly node: AroundNode; readonly me: Me }) {
  const kind = assetKinds.find((known) => known === node.kind);
  const [level, setLevel] = useState<CriticalityLevel>(node.criticality.level);
  const [reason, setReason] = useState('');
  const queries = useQueryClient();
  const change = useMutation({
    mutationFn: async () =>
      kind === undefined
        ? undefined
        : call('PUT /v1/criticality/{kind}/{name}', { params: { kind, name: node.name }, body: { level, reason } }),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['alerts'] }),
  });
  if (kind === undefined) return null;
  const told = `Criticality: ${criticalityWords[node.criticality.level].toLowerCase()}`;
  const why = node.criticality.reason === '' ? '' : ` (${printable(node.criticality.reason)})`;
  if (!may(me, 'rules:manage')) return <p className="small">{`${told}${why}`}</p>;
  const isChanged = level !== node.criticality.level;
  return (
    <form
      className="around-criticality"
      onSubmit={(event) => {
        event.preventDefault();
        change.mutate();
      }}
    >
      <NativeSelect
        size="xs"
        label={`Criticality${why}`}
        value={level}
        onChange={({ currentTarget }) =>
          setLevel(levels.find((known) => known === currentTarget.value) ?? node.criticality.level)
        }
        data={levels.map((value) => ({ value, label: criticalityWords[value] }))}
      />
      {isChanged ? (
        <>
          <TextInput
            size="xs"
            label="Why"
            required
            minLength={3}
            maxLength={500}
            value={reason}
            onChange={({ currentTarget }) => setReason(currentTarget.value)}
          />
          <Button size="xs" type="submit" loading={change.isPending} disabled={reason.trim().length < 3}>
            Set
          </Button>
        </>
      ) : null}
      {change.error === null ? null : <ProblemNotice problem={change.error} />}
    </form>
  );
}
