// What a provider's answers look like between its process and the sealer.
import { isJsonObject, textOf, textsOf } from '@sallyport/contracts';
import type { JsonObject, JsonValue } from '@sallyport/contracts';
import { CodedError } from '@sallyport/platform/errors';
import { providerKinds } from '../key-provider.ts';
import type { MasterKey, Presence, ProviderFacts, Receipt } from '../key-provider.ts';

export function formatPresence(presence: Presence): JsonObject {
  return presence.kind === 'pending' ? { ...presence, untilMs: presence.untilMs ?? null } : { ...presence };
}

export function parsePresence(value: JsonValue | undefined): Presence {
  if (!isJsonObject(value)) throw malformed();
  switch (value['kind']) {
    case 'usable':
      return { kind: 'usable' };
    case 'disabled':
      return { kind: 'disabled', why: textOf(value['why']) };
    case 'pending':
      return { kind: 'pending', untilMs: optionalNumber(value['untilMs']), cancellable: value['cancellable'] === true };
    case 'absent':
      return { kind: 'absent', shownBy: textOf(value['shownBy']) };
    case 'unknown':
      return { kind: 'unknown', why: textOf(value['why']) };
    default:
      throw malformed();
  }
}

export function formatFacts(facts: ProviderFacts): JsonObject {
  return { ...facts, notPromised: [...facts.notPromised] };
}

export function parseFacts(value: JsonObject): ProviderFacts {
  const kind = providerKinds.find((known) => known === value['kind']);
  const destruction = destructions.find((known) => known === value['destruction']);
  const maxMasters = optionalNumber(value['maxMasters']);
  if (kind === undefined || destruction === undefined || maxMasters === undefined) throw malformed();
  return {
    kind,
    destruction,
    maxMasters,
    identity: textOf(value['identity']),
    algorithm: textOf(value['algorithm']),
    exportable: value['exportable'] !== false,
    usableByAClone: value['usableByAClone'] !== false,
    notPromised: textsOf(value['notPromised']),
  };
}

export function formatReceipt(receipt: Receipt): JsonObject {
  return {
    name: receipt.name,
    presence: formatPresence(receipt.presence),
    done: [...receipt.done],
    notPromised: [...receipt.notPromised],
    providerTimeMs: receipt.providerTimeMs ?? null,
  };
}

export function parseReceipt(value: JsonObject): Receipt {
  return {
    name: textOf(value['name']),
    presence: parsePresence(value['presence']),
    done: textsOf(value['done']),
    notPromised: textsOf(value['notPromised']),
    providerTimeMs: optionalNumber(value['providerTimeMs']),
  };
}

export function parseMasterKey(value: JsonValue | undefined): MasterKey {
  if (!isJsonObject(value) || typeof value['name'] !== 'string') throw malformed();
  return { name: value['name'], reference: textOf(value['reference']) };
}

const destructions = ['provable', 'delayed', 'reversible', 'not-provable'] as const;

function optionalNumber(value: JsonValue | undefined): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

function malformed(): CodedError {
  return new CodedError('provider_unavailable', 'The process of the provider of master keys sent what cannot be read');
}
