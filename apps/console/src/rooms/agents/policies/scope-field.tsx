import { NativeSelect, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { printable } from '../../../parts/printable.ts';
import { agentsQuery } from '../agents-query.ts';
import type { Scope } from './own-policy-queries.ts';

/** Whose calls the document is about. */
export function ScopeField({
  scope,
  readOnly,
  onChange,
}: {
  readonly scope: Scope;
  readonly readOnly: boolean;
  readonly onChange: (scope: Scope) => void;
}) {
  const agents = useQuery(agentsQuery).data?.agents ?? [];
  const people = new Map(
    agents.filter(({ owner }) => owner.kind === 'user').map(({ owner }) => [owner.id, owner.name]),
  );
  const chosen = scope.kind === 'repository' || scope.kind === 'all' ? scope.kind : `${scope.kind}/${scope.id}`;
  const data = [
    { value: 'all', label: 'All agents' },
    { value: 'repository', label: 'Runs in a repository' },
    ...[...people].map(([id, name]) => ({ value: `person/${id}`, label: `Agents of ${printable(name)}` })),
    ...agents.map(({ id, name, owner }) => ({
      value: `agent/${id}`,
      label: `Agent ${printable(name)} of ${printable(owner.name)}`,
    })),
  ];
  const isKnown = data.some(({ value }) => value === chosen);
  return (
    <div className="row form-row">
      <NativeSelect
        label="About"
        value={chosen}
        disabled={readOnly}
        data={isKnown ? data : [...data, { value: chosen, label: chosen }]}
        onChange={(event) => onChange(scopeOf(event.currentTarget.value))}
      />
      {scope.kind === 'repository' ? (
        <TextInput
          className="grow"
          label="Repository"
          placeholder="git.example/shop/web"
          description="As a run says of itself: such a policy can only forbid or ask"
          maxLength={500}
          readOnly={readOnly}
          value={scope.name}
          onChange={(event) => onChange({ kind: 'repository', name: event.currentTarget.value })}
        />
      ) : null}
    </div>
  );
}

function scopeOf(value: string): Scope {
  const [kind = '', id = ''] = value.split('/');
  if (kind === 'repository') return { kind: 'repository', name: '' };
  if (kind === 'agent' || kind === 'person') return { kind, id };
  return { kind: 'all' };
}
