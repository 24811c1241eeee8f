import { hash } from 'node:crypto';
import type { ApproverChange } from './section.ts';
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
  readonly holdIds?: readonly string[] | undefined;
  readonly approver?: ApproverChange | undefined;
  readonly reason: string;
};

/**
 * The statement as text, one fact a line, in this order. Nothing in it can be read in two ways: ids are hexadecimal, the
 * reason is a JSON string, and the list says how long it is.
 */
export function statementText(statement: Statement): string {
  const { vault, id, round, kind, keyIds, policy, holdId, holdIds, approver, reason } = statement;
  return [
    'sallyport-destruction@v1',
    `vault ${vault}`,
    `intent ${id}`,
    `round ${round}`,
    `kind ${kind}`,
    `policy ${policy === undefined ? 'none' : `${JSON.stringify(policy.class)} ${policy.keepDays ?? 'for ever'}`}`,
    `hold ${holdIds?.toSorted().join(' ') ?? holdId ?? 'none'}`,
    `reason ${JSON.stringify(reason)}`,
    `keys ${keyIds.length}`,
    ...keyIds.toSorted(),
    ...(approver === undefined ? [] : approverLines(approver)),
    '',
  ].join('\n');
}

/** Which keys are to count, to the byte, whose they are said to be, and on which list. */
function approverLines({ change, userId, name, list, isAlone, passkeys }: ApproverChange): string[] {
  return [
    `approver ${change} ${JSON.stringify(userId)} ${JSON.stringify(name)}`,
    `list ${list}`,
    `alone ${isAlone ? 'yes' : 'no'}`,
    `passkeys ${passkeys.length}`,
    ...passkeys.map(
      ({ credentialId, publicKey, hostName }) => `${credentialId} ${publicKey} ${JSON.stringify(hostName)}`,
    ),
  ];
}

/** SHA-256, hexadecimal: the challenge of every signature is these 32 bytes. */
export function digestOf(statement: Statement): string {
  return hash('sha256', statementText(statement));
}
