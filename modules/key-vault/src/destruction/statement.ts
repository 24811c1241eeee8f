import { hash } from 'node:crypto';
import type { IntentKind, RetentionPolicy } from './shown.ts';

/** What two people agree to, exactly. */
export type Statement = {
  readonly vault: string;
  readonly id: string;
  readonly round: number;
  readonly kind: IntentKind;
  readonly keyIds: readonly string[];
  readonly policy?: RetentionPolicy | undefined;
  readonly holdId?: string | undefined;
  readonly reason: string;
};

/**
 * The statement as text, one fact a line, in this order. Nothing in it can be read in two ways: ids are hexadecimal, the
 * reason is a JSON string, and the list says how long it is.
 */
export function statementText(statement: Statement): string {
  const { vault, id, round, kind, keyIds, policy, holdId, reason } = statement;
  return [
    'sallyport-destruction@v1',
    `vault ${vault}`,
    `intent ${id}`,
    `round ${round}`,
    `kind ${kind}`,
    `policy ${policy === undefined ? 'none' : `${JSON.stringify(policy.class)} ${policy.keepDays ?? 'for ever'}`}`,
    `hold ${holdId ?? 'none'}`,
    `reason ${JSON.stringify(reason)}`,
    `keys ${keyIds.length}`,
    ...keyIds.toSorted(),
    '',
  ].join('\n');
}

/** SHA-256, hexadecimal: the challenge of every signature is these 32 bytes. */
export function digestOf(statement: Statement): string {
  return hash('sha256', statementText(statement));
}
