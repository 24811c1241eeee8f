import { hash } from 'node:crypto';
import { canonicalJson } from '@sallyport/contracts';
import type { JsonObject } from '@sallyport/contracts';
import type { KeyRecord } from '../key-record.ts';
import { finalKeyIds } from './final-keys.ts';
import type { Intent } from './section.ts';
import { digestOf, statementText } from './statement.ts';
import { statementOf } from './judging.ts';

/**
 * What a certificate says, without its evidence: who agreed to what, what was done, and what that does not promise. Its
 * SHA-256 stands in the last entry of the ledger about it. Never holds a key.
 */
export function certificateStatement(vault: string, intent: Intent, records: readonly KeyRecord[]): JsonObject {
  const { id, kind, stage, reason, by, waited, exported, fence } = intent;
  const statement = statementOf(vault, intent);
  const going = new Set(finalKeyIds(intent));
  return {
    vault,
    intent: id,
    kind,
    round: intent.round,
    reason,
    proposed: { by, at: new Date(intent.proposed.atMs).toISOString() },
    digest: digestOf(statement),
    signed_text: statementText(statement),
    signatures: intent.signatures.map((signature) => ({
      person: { id: signature.userId, name: signature.name },
      host_name: signature.hostName,
      credential_id: signature.credentialId,
      public_key: signature.publicKey,
      client_data_json: signature.clientDataJson,
      authenticator_data: signature.authenticatorData,
      signature: signature.signature,
    })),
    waited: { evidence: waited?.evidence ?? 'none', hours: (waited?.neededMs ?? 0) / 3_600_000 },
    keys: records
      .filter((record) => going.has(record.id))
      .map((record) => ({ id: record.id, purpose: record.purpose, label: record.label, version: record.version })),
    kept: intent.kept.map(({ keyId, why, by: whom }) => ({ key: keyId, why, by: whom })),
    outcome: stage,
    exported: exported === undefined ? null : { ...exported },
    fence: fence ?? null,
    master_keys: intent.receipts.map((receipt) => ({
      epoch: receipt.epoch,
      stage: receipt.stage,
      providers: receipt.providers.map((provider) => ({
        kind: provider.kind,
        name: provider.name,
        presence: provider.presence,
        destruction: provider.destruction,
        done: provider.done,
      })),
    })),
    not_promised: notPromised(intent),
  };
}

function notPromised(intent: Intent): string[] {
  const said = intent.receipts.flatMap(({ providers }) => providers.flatMap((provider) => provider.notPromised));
  const scheduled =
    intent.stage === 'scheduled'
      ? ['A provider destroys the master key only after its own waiting time, until which it can be brought back']
      : [];
  return [
    ...new Set([
      ...scheduled,
      ...said,
      'What was decrypted before, by whoever was allowed to or had taken over this machine, is not undone',
      ...(intent.fence === undefined
        ? ['No witness vouched that this was the only copy of the machine when the master keys were destroyed']
        : []),
    ]),
  ];
}

export function statementHash(statement: JsonObject): string {
  return hash('sha256', canonicalJson(statement));
}
