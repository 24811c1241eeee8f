import { hash } from 'node:crypto';
import { canonicalJson, isJsonObject, parseJson, textOf, textsOf } from '@sallyport/contracts';
import type { JsonObject, JsonValue } from '@sallyport/contracts';
import { messageOf } from '@sallyport/platform/errors';
import { verifyAssertion } from './assertion.ts';
import { certificateFormat } from './certificate-format.ts';
import type { IntentKind, RetentionPolicy } from './shown.ts';
import { intentKinds } from './shown.ts';
import { digestOf, statementText } from './statement.ts';

/** An evidence file, checked under a key the reader knows. */
export type CheckedEvidence =
  | {
      readonly ok: true;
      readonly event: JsonValue;
      readonly receivedAtMs: number;
      readonly witnesses: readonly { readonly name: string; readonly cosignedAtMs: number }[];
    }
  | { readonly ok: false; readonly reason: string };

export type CertificateCheck = 'form' | 'evidence' | 'statement' | 'signatures';

export type CertificateVerification =
  | {
      readonly ok: true;
      readonly intent: string;
      readonly kind: IntentKind;
      readonly outcome: string;
      readonly reason: string;
      readonly keys: readonly { readonly id: string; readonly label: string }[];
      readonly kept: number;
      readonly people: readonly string[];
      /**
       * NAME SHA256:… of each public key that signed. Whose they are the file cannot prove: whoever holds the log's key can
       * write down people of their own. The reader compares them with what those people say.
       */
      readonly passkeys: readonly string[];
      readonly waited: { readonly evidence: string; readonly hours: number };
      /** Ledger time of the entry that binds the certificate. */
      readonly recordedAtMs: number;
      /** Witnesses over that entry. */
      readonly witnesses: readonly string[];
      readonly notPromised: readonly string[];
    }
  | { readonly ok: false; readonly check: CertificateCheck; readonly reason: string };

const maxBytes = 64 * 1024 * 1024;
const maxEvidence = 64;

/**
 * Checks a certificate from its bytes alone. Everything it says has to be what the ledger's last entry about it commits to;
 * that entry, and every other, has to be proved under a key the reader gave; two people's passkeys have to have signed
 * exactly this list. The file is an attacker's. Never throws.
 */
export function verifyCertificate(
  text: string,
  checkEvidence: (evidence: string) => CheckedEvidence,
): CertificateVerification {
  try {
    return check(text, checkEvidence);
  } catch (error) {
    return no('form', messageOf(error));
  }
}

type Entry = {
  readonly action: string;
  readonly details: JsonObject;
  readonly receivedAtMs: number;
  readonly witnesses: readonly string[];
};

function check(text: string, checkEvidence: (evidence: string) => CheckedEvidence): CertificateVerification {
  if (text.length > maxBytes) return no('form', `The file has more than ${maxBytes} bytes`);
  const document = readJson(text);
  const { format, statement } = document;
  const evidence = textsOf(document['evidence']);
  if (format !== certificateFormat || !isJsonObject(statement))
    return no('form', `The file must be a JSON document of format "${certificateFormat}"`);
  if (evidence.length === 0 || evidence.length > maxEvidence)
    return no('form', 'The file has no evidence, or too much');
  const intent = textOf(statement['intent']);
  const entries: Entry[] = [];
  for (const [order, file] of evidence.entries()) {
    const checked = checkEvidence(file);
    if (!checked.ok) return no('evidence', `Evidence ${order + 1} of ${evidence.length}: ${checked.reason}`);
    const entry = readEntry(checked.event, intent);
    if (entry === undefined)
      return no('evidence', `Evidence ${order + 1} of ${evidence.length} is about something else`);
    const witnesses = checked.witnesses.map(({ name }) => name);
    entries.push({ ...entry, receivedAtMs: checked.receivedAtMs, witnesses });
  }
  const sha256 = hash('sha256', canonicalJson(statement));
  const last = entries.findLast(({ action }) => action === 'vault.keys_destroyed');
  if (last === undefined || last.details['certificate_sha256'] !== sha256)
    return no('statement', 'The certificate says something else than what was recorded');
  return checkAgreement(statement, entries, last);
}

/** Who agreed to what: recomputed from the parts, and compared with what was signed and recorded. */
function checkAgreement(statement: JsonObject, entries: readonly Entry[], last: Entry): CertificateVerification {
  const kind = intentKinds.find((one) => one === statement['kind']);
  if (kind !== 'request' && kind !== 'expiry') return no('statement', 'The certificate is of no known kind');
  const keys = objectsIn(statement['keys']).map((key) => ({ id: textOf(key['id']), label: textOf(key['label']) }));
  const kept = objectsIn(statement['kept']);
  const listed = {
    vault: textOf(statement['vault']),
    id: textOf(statement['intent']),
    round: Number(statement['round']),
    kind,
    keyIds: [...keys.map(({ id }) => id), ...kept.map((key) => textOf(key['key']))],
    policy: undefined,
    reason: textOf(statement['reason']),
  } satisfies Parameters<typeof digestOf>[0] & { policy: RetentionPolicy | undefined };
  const digest = digestOf(listed);
  if (statementText(listed) !== statement['signed_text'] || digest !== statement['digest'])
    return no('statement', 'The list that was signed is not the list of the certificate');
  const recorded = textsOf(last.details['key_ids']).toSorted().join(' ');
  if (
    recorded !==
    keys
      .map(({ id }) => id)
      .toSorted()
      .join(' ')
  )
    return no('statement', 'The keys of the certificate are not those recorded as destroyed');
  const people = new Map<string, string>();
  const publicKeys = new Map<string, string>();
  for (const signature of objectsIn(statement['signatures'])) {
    const { person } = signature;
    const { id, name } = isJsonObject(person) ? person : {};
    const passkey = {
      credentialId: textOf(signature['credential_id']),
      publicKey: textOf(signature['public_key']),
      hostName: textOf(signature['host_name']),
    };
    const assertion = {
      credentialId: passkey.credentialId,
      clientDataJson: textOf(signature['client_data_json']),
      authenticatorData: textOf(signature['authenticator_data']),
      signature: textOf(signature['signature']),
    };
    try {
      verifyAssertion(assertion, { passkey, digest });
    } catch (error) {
      return no('signatures', `The signature of "${textOf(name)}" does not hold: ${messageOf(error)}`);
    }
    people.set(textOf(id), textOf(name));
    const sum = hash('sha256', Buffer.from(passkey.publicKey, 'base64url'), 'base64url');
    publicKeys.set(passkey.publicKey, `${textOf(name)} SHA256:${sum}`);
  }
  const signedEntries = entries.filter(
    ({ action, details }) => action === 'vault.destruction_signed' && details['digest'] === digest,
  );
  if (kind === 'request' && (people.size < 2 || publicKeys.size < 2 || signedEntries.length < 2))
    return no('signatures', 'Two different people have to have signed, and the ledger to have recorded both');
  const { waited } = statement;
  const wait = isJsonObject(waited) ? waited : {};
  return {
    ok: true,
    intent: listed.id,
    kind,
    outcome: textOf(statement['outcome']),
    reason: listed.reason,
    keys,
    kept: kept.length,
    people: [...people.values()],
    passkeys: [...publicKeys.values()],
    waited: { evidence: textOf(wait['evidence']), hours: Number(wait['hours'] ?? 0) },
    recordedAtMs: last.receivedAtMs,
    witnesses: last.witnesses,
    notPromised: textsOf(statement['not_promised']),
  };
}

function readEntry(event: JsonValue, intent: string): Pick<Entry, 'action' | 'details'> | undefined {
  if (!isJsonObject(event) || event['raw_data'] !== undefined) return undefined;
  const { metadata, unmapped } = event;
  const own = isJsonObject(unmapped) ? unmapped['sallyport'] : undefined;
  if (!isJsonObject(metadata) || metadata['log_name'] !== 'audit' || !isJsonObject(own)) return undefined;
  const { target, details } = own;
  if (!isJsonObject(target) || target['type'] !== 'destruction' || target['id'] !== intent) return undefined;
  return { action: textOf(metadata['event_code']), details: isJsonObject(details) ? details : {} };
}

function objectsIn(value: JsonValue | undefined): JsonObject[] {
  const items: readonly unknown[] = Array.isArray(value) ? value : [];
  return items.filter((item) => isJsonObject(item));
}

function readJson(text: string): JsonObject {
  const read = parseJson(text);
  return isJsonObject(read) ? read : {};
}

function no(failed: CertificateCheck, reason: string): CertificateVerification {
  return { ok: false, check: failed, reason };
}
