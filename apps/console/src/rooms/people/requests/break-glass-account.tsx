import { Button } from '@mantine/core';
import { IconKey } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { Clock } from '../../../parts/clock.tsx';
import { PasskeyLine } from '../../../parts/passkey-line.tsx';
import { printable } from '../../../parts/printable.ts';
import type { BreakGlassAccount, BreakGlassKey } from './privileges-query.ts';

const stateNames = { sealed: 'Sealed', opened: 'Opened: seal it anew', retired: 'Given up' } as const;

/** What may be begun with an account: the list shows the dialog. */
export type AccountAction =
  | { readonly kind: 'drill' | 'retire' | 'add-key' | 'opening'; readonly account: BreakGlassAccount }
  | { readonly kind: 'remove-key'; readonly account: BreakGlassAccount; readonly passkey: BreakGlassKey };

/** One prepared account: how it stands, what opens it, and its security keys. */
export function AccountLine({
  account,
  canManage,
  isSealing,
  onSeal,
  onAction,
}: {
  readonly account: BreakGlassAccount;
  readonly canManage: boolean;
  readonly isSealing: boolean;
  readonly onSeal: () => void;
  readonly onAction: (action: AccountAction) => void;
}) {
  const { passkeys } = account;
  const act = (kind: 'drill' | 'retire' | 'add-key' | 'opening', words: string): ReactNode => (
    <Button size="compact-sm" variant="default" onClick={() => onAction({ kind, account })}>
      {words}
    </Button>
  );
  return (
    <li>
      <div className="privilege-line">
        <span>
          <strong>{printable(account.label)}</strong> <span className="chip">{stateNames[account.state]}</span>
        </span>
        <span className="small">{openingWords(account)}</span>
        <span className="small quiet">
          Sealed <Clock at={account.sealed_at} />
          {account.opened_at === null ? null : (
            <>
              {' '}
              · opened <Clock at={account.opened_at} />
            </>
          )}{' '}
          · to be tried by <Clock at={account.drill_due_at} />
        </span>
        {passkeys.length === 0 ? null : (
          <ul className="sealed-keys" aria-label={`Security keys of ${printable(account.label)}`}>
            {passkeys.map((passkey) => (
              <li key={passkey.id}>
                <IconKey size={18} aria-hidden="true" />
                <KeyFacts passkey={passkey} />
                {canManage ? (
                  <Button
                    size="compact-sm"
                    variant="subtle"
                    aria-label={`Remove ${printable(passkey.label)}…`}
                    onClick={() => onAction({ kind: 'remove-key', account, passkey })}
                  >
                    Remove…
                  </Button>
                ) : null}
              </li>
            ))}
          </ul>
        )}
      </div>
      {canManage ? (
        <div className="row">
          {account.state === 'sealed' ? act('drill', 'Try it…') : null}
          <Button
            size="compact-sm"
            variant={account.state === 'opened' ? 'filled' : 'default'}
            loading={isSealing}
            onClick={onSeal}
          >
            Seal anew
          </Button>
          {act('add-key', 'Add a security key…')}
          {passkeys.length > 0 ? act('opening', 'What opens it…') : null}
          {act('retire', 'Give up…')}
        </div>
      ) : null}
    </li>
  );
}

function KeyFacts({ passkey }: { readonly passkey: BreakGlassKey }) {
  const why = passkey.refused_because;
  return (
    <span className="privilege-line">
      <strong>{printable(passkey.label)}</strong>
      <PasskeyLine passkey={{ ...passkey, refused_because: null }} />
      {passkey.host_name === location.hostname ? null : (
        <span className="small">Good under {printable(passkey.host_name)} alone, not here.</span>
      )}
      {why === null ? null : (
        <span className="small">By your rules it would not be added now: {why}. It opens all the same.</span>
      )}
    </span>
  );
}

function openingWords({ needs_passkey: needsKey, passkeys }: BreakGlassAccount): string {
  if (needsKey) return 'Opens with a code and a security key, never with the codes alone.';
  return passkeys.length === 0 ? 'Opens with both codes.' : 'Opens with both codes, or a code and a security key.';
}
