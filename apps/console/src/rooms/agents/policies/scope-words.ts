import { useQuery } from '@tanstack/react-query';
import { printable } from '../../../parts/printable.ts';
import { agentsQuery } from '../agents-query.ts';
import type { Scope } from './own-policy-queries.ts';

/** Whose calls a document is about, by the names people know. */
export function useScopeWords(): (scope: Scope) => string {
  const agents = useQuery(agentsQuery).data?.agents ?? [];
  return (scope) => {
    switch (scope.kind) {
      case 'all':
        return 'All agents';
      case 'agent':
        return `Agent ${printable(agents.find(({ id }) => id === scope.id)?.name ?? scope.id)}`;
      case 'person': {
        const owner = agents.find((one) => one.owner.kind === 'user' && one.owner.id === scope.id)?.owner;
        return `Agents of ${printable(owner?.name ?? scope.id)}`;
      }
      case 'repository':
        return `Runs in ${printable(scope.name)}`;
    }
  };
}
