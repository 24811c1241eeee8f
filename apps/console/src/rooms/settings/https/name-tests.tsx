import { IconAlertTriangle, IconCircleCheck } from '@tabler/icons-react';
import type { Answer } from '../../../api/call.ts';

type Tested = Answer<'POST /v1/settings/https/test'>['names'][number];

/** What the server found under each of its names. */
export function NameTests({
  names,
  isOwnAuthority,
}: {
  readonly names: readonly Tested[];
  readonly isOwnAuthority: boolean;
}) {
  return (
    <ul className="lines" aria-label="Test of the names" aria-live="polite">
      {names.map((tested) => {
        const isGood = tested.outcome === 'reached' && tested.trusted;
        const Icon = isGood ? IconCircleCheck : IconAlertTriangle;
        return (
          <li key={tested.name} className="name-test" data-good={isGood}>
            <Icon size={18} aria-hidden="true" />
            <span>
              <strong>{tested.name}</strong> {wordsFor(tested, isOwnAuthority)}
            </span>
          </li>
        );
      })}
    </ul>
  );
}

function wordsFor({ outcome, trusted, addresses, reason }: Tested, isOwnAuthority: boolean): string {
  const where = addresses.length === 0 ? '' : ` (${addresses.join(', ')})`;
  switch (outcome) {
    case 'unresolved':
      return 'is not known here. Give it an entry in your DNS that points to this machine.';
    case 'unreachable':
      return `leads to${where} but nobody answers there: ${reason ?? 'no reason given'}. Is a firewall or another machine in the way?`;
    case 'other':
      return `leads to${where}, where another server answers.`;
    case 'reached':
      if (!trusted) return `reaches this server${where}, but machines will not trust its certificate.`;
      return `reaches this server${where}${isOwnAuthority ? '; machines that trust the authority accept it.' : ' and is trusted.'}`;
  }
}
