import { isJsonObject } from '@sallyport/contracts';
import type { JsonObject, JsonValue } from '@sallyport/contracts';
import type { Principal } from '@sallyport/platform/http';
import type { Answer } from './policy-test.ts';

/** A record of the audit trail, as it is shown to people. */
export type AuditEntry = {
  readonly position: string;
  readonly actor: { readonly kind: string; readonly id: string; readonly name: string };
  readonly action: string;
  readonly target: { readonly kind: string; readonly id: string; readonly name: string };
  readonly details: JsonObject;
};

/** A question as it was recorded, with how often it was asked in this record. */
export type RecordedRequest = {
  readonly route: string;
  readonly count: number;
  readonly asked: JsonObject;
  readonly action: string;
  /** What the policies answered; whether the request came through is `outcome` of the record. */
  readonly answer: Answer;
};

/** What the edge decided about a request, or about several of one caller. */
export type RecordedDecision = {
  readonly position: string;
  readonly who: Pick<Principal, 'kind' | 'id' | 'name'> | undefined;
  readonly outcome: 'allowed' | 'denied';
  readonly code: string;
  readonly address: string;
  readonly count: number;
  readonly firstMs: number;
  readonly atMs: number;
  /** Where the question is not in the record: refused before the policies were asked, or recorded by an earlier version. */
  readonly requests: readonly RecordedRequest[];
  /** Requests of the record whose question is not in it. */
  readonly untold: number;
  readonly route: string;
  readonly method: string;
  readonly requestIds: readonly string[];
  /** SHA-256 of the policies that decided. */
  readonly version: string | undefined;
  readonly reason: string | undefined;
  readonly policies: readonly string[];
};

const kinds = ['user', 'key', 'service', 'operator', 'device'] as const;

/** Undefined for records of other things. */
export function readDecision({ position, actor, action, target, details }: AuditEntry): RecordedDecision | undefined {
  if (action !== 'request.allowed' && action !== 'request.denied') return undefined;
  const { asked, routes, why } = details;
  const kind = kinds.find((one) => one === actor.kind);
  const count = numberOf(details['count']) ?? 1;
  const single = requestOfRecord(asked, `${target.name} ${target.id}`, count, asked);
  const gathered = Array.isArray(routes) ? routes : undefined;
  const requests =
    gathered === undefined
      ? single
      : gathered.flatMap((one) =>
          isJsonObject(one) && typeof one['route'] === 'string'
            ? requestOfRecord(one, one['route'], numberOf(one['count']) ?? 1, withQuestion(asked, one))
            : [],
        );
  const told = requests.reduce((sum, request) => sum + request.count, 0);
  const reason = isJsonObject(why) && typeof why['reason'] === 'string' ? why['reason'] : undefined;
  const version = isJsonObject(asked) ? asked['version'] : isJsonObject(why) ? why['policy_version'] : undefined;
  const policies = isJsonObject(asked) ? asked['policies'] : isJsonObject(why) ? why['policies'] : undefined;
  return {
    position,
    who: kind === undefined ? undefined : { kind, id: actor.id, name: actor.name },
    outcome: action === 'request.allowed' ? 'allowed' : 'denied',
    code: textOf(details['code']),
    address: textOf(details['address']),
    count,
    firstMs: numberOf(details['first_at_ms']) ?? 0,
    atMs: numberOf(details['last_at_ms']) ?? 0,
    requests,
    untold: Math.max(0, count - told),
    route: gathered === undefined ? target.id : '',
    method: gathered === undefined ? target.name : '',
    requestIds: textsOf(details['request_ids']),
    version: typeof version === 'string' ? version : undefined,
    reason,
    policies: textsOf(policies),
  };
}

/** Who asked stands in the record once, what they asked for with each route. */
function withQuestion(asked: JsonValue | undefined, one: JsonObject): JsonValue | undefined {
  if (!isJsonObject(asked)) return undefined;
  const { resource: _resource, facts: _facts, ...shared } = asked;
  const { action = null, answer = null, resource, facts } = one;
  return {
    ...shared,
    action,
    answer,
    ...(resource === undefined ? {} : { resource }),
    ...(facts === undefined ? {} : { facts }),
  };
}

function requestOfRecord(
  said: JsonValue | undefined,
  route: string,
  count: number,
  asked: JsonValue | undefined,
): readonly RecordedRequest[] {
  if (!isJsonObject(said) || !isJsonObject(asked)) return [];
  const { action, answer } = said;
  if (typeof action !== 'string' || (answer !== 'allow' && answer !== 'deny' && answer !== 'needs_proof')) return [];
  return [{ route, count, asked, action, answer }];
}

const numberOf = (value: JsonValue | undefined): number | undefined =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined;

const textOf = (value: JsonValue | undefined): string => (typeof value === 'string' ? value : '');

const textsOf = (value: JsonValue | undefined): readonly string[] =>
  (Array.isArray(value) ? value : []).filter((one): one is string => typeof one === 'string');
