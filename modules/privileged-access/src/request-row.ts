import { isJsonObject, parseJson, textOf, textsOf } from '@sallyport/contracts';
import type { JsonObject, JsonValue } from '@sallyport/contracts';
import { openText, sealText } from '@sallyport/platform/sealed-text';
import type { PrivilegeNeeds } from './needs.ts';
import { endReasons, privilegeStates, wordsOfPart } from './request.ts';
import type { PrivilegeDecision, PrivilegeRequest, PrivilegeState, Said } from './request.ts';

/** Columns are what is searched by; what counts is what is sealed beside them. */
export type RequestRow = {
  id: string;
  kind: string;
  state: string;
  requester_id: string;
  role: string;
  minutes: number;
  needed: number;
  created_at_ms: number;
  expires_at_ms: number;
  started_at_ms: number | null;
  spent_ms: number;
  ended_at_ms: number | null;
  ended_because: string | null;
  session_id: string | null;
  device: string | null;
  review_due_ms: number | null;
  told_day: number;
  sealed: string;
};
export type DecisionRow = { request_id: string; person_id: string; kind: string; at_ms: number; sealed: string };
export type Sealing = Pick<PrivilegeNeeds, 'sealingKey' | 'random'>;

/** As it was sealed, with the number under which the roll knows it. */
export type KeptRequest = PrivilegeRequest & {
  readonly number: number;
  /** What was sealed; undefined where nobody can read it. */
  readonly sealedState: PrivilegeState | undefined;
};

export function rowOf(needs: Sealing, request: PrivilegeRequest, number: number): Omit<RequestRow, 'told_day'> {
  const { said, decisions } = request;
  const columns = columnsOf(request);
  const approvers = decisions.filter(({ kind }) => kind === 'approve').map(({ personId }) => personId);
  const facts = { ...columns, site: request.site ?? null, actions: request.actions?.slice() ?? null };
  const text = JSON.stringify({ ...said, facts, approvers, number });
  return { ...columns, sealed: sealText(needs, placeOf(request.id), text) };
}

function columnsOf(request: PrivilegeRequest): Omit<RequestRow, 'told_day' | 'sealed'> {
  return {
    id: request.id,
    kind: request.kind,
    state: request.state,
    requester_id: request.requesterId,
    role: request.role,
    minutes: request.minutes,
    needed: request.needed,
    created_at_ms: request.createdAtMs,
    expires_at_ms: request.expiresAtMs,
    started_at_ms: request.startedAtMs ?? null,
    spent_ms: request.spentMs,
    ended_at_ms: request.endedAtMs ?? null,
    ended_because: request.endedBecause ?? null,
    session_id: request.sessionId ?? null,
    device: request.device ?? null,
    review_due_ms: request.reviewDueMs ?? null,
  };
}

/** A row that says otherwise than was sealed with it was written by hand: it is marked as altered, and gives nothing. */
export function requestOf(needs: Sealing, row: RequestRow, decided: readonly DecisionRow[]): KeptRequest {
  const sealed = openedRow(needs, row);
  const facts = sealed['facts'];
  if (!isJsonObject(facts)) {
    const bare = requestFrom({ facts: { ...row }, said: saidOf(sealed), decisions: [] });
    return { ...bare, state: 'withdrawn', isAltered: true, number: 0, sealedState: undefined };
  }
  const approvers = textsOf(sealed['approvers']);
  const request = requestFrom({
    facts,
    said: saidOf(sealed),
    decisions: decisionsOf(needs, decided).filter(
      ({ kind, personId }) => kind !== 'approve' || approvers.includes(personId),
    ),
  });
  const columns: Readonly<Record<string, unknown>> = columnsOf(request);
  const isAltered = Object.entries(columns).some(([name, value]) => new Map(Object.entries(row)).get(name) !== value);
  const kept = { ...request, number: countOf(sealed['number']) ?? 0, sealedState: request.state };
  return isAltered ? { ...kept, state: 'withdrawn', isAltered } : kept;
}

/** `facts` are as `rowOf` has them. */
export function requestFrom(from: {
  readonly facts: JsonObject;
  readonly said: Said;
  readonly decisions: readonly PrivilegeDecision[];
}): PrivilegeRequest {
  const { facts, said } = from;
  const text = (name: string): string | undefined => {
    const value = facts[name];
    return typeof value === 'string' ? value : undefined;
  };
  const actions = facts['actions'];
  const part = {
    role: text('role') ?? '',
    minutes: countOf(facts['minutes']) ?? 0,
    site: text('site'),
    actions: Array.isArray(actions) ? textsOf(actions) : undefined,
  };
  const about = wordsOfPart(part);
  const ofEarlierVersion = wordsOfPart({ ...part, site: undefined, actions: undefined });
  return {
    id: text('id') ?? '',
    kind: text('kind') === 'break-glass' ? 'break-glass' : 'request',
    state: privilegeStates.find((state) => state === text('state')) ?? 'withdrawn',
    requesterId: text('requester_id') ?? '',
    ...part,
    needed: countOf(facts['needed']) ?? 2,
    createdAtMs: countOf(facts['created_at_ms']) ?? 0,
    expiresAtMs: countOf(facts['expires_at_ms']) ?? 0,
    startedAtMs: countOf(facts['started_at_ms']),
    spentMs: countOf(facts['spent_ms']) ?? 0,
    endedAtMs: countOf(facts['ended_at_ms']),
    endedBecause: endReasons.find((reason) => reason === text('ended_because')),
    sessionId: text('session_id'),
    device: text('device'),
    reviewDueMs: countOf(facts['review_due_ms']),
    said,
    // An approval of something else, or of more time, is none of this.
    decisions: from.decisions.filter((one) => one.kind !== 'approve' || (one.about ?? ofEarlierVersion) === about),
  };
}

export function sealedDecision(needs: Sealing, requestId: string, decision: PrivilegeDecision): DecisionRow {
  const { personId, kind, atMs, ...said } = decision;
  const place = `${placeOf(requestId)}/${kind}/${personId}`;
  const sealed = sealText(needs, place, JSON.stringify({ ...said, at: atMs }));
  return { request_id: requestId, person_id: personId, kind, at_ms: atMs, sealed };
}

/** One whose seal does not hold is none: an approval written into the table by hand does not count. */
export function decisionsOf(needs: Sealing, rows: readonly DecisionRow[]): PrivilegeDecision[] {
  return rows.flatMap((row) => {
    const said = opened(needs, `${placeOf(row.request_id)}/${row.kind}/${row.person_id}`, row.sealed);
    const kind = (['approve', 'deny', 'review'] as const).find((one) => one === row.kind);
    if (kind === undefined || said['name'] === undefined) return [];
    const { verdict, looked } = said;
    return [
      {
        personId: row.person_id,
        kind,
        atMs: countOf(said['at']) ?? row.at_ms,
        name: textOf(said['name']),
        note: textOf(said['note']),
        address: textOf(said['address']),
        ...(typeof said['about'] === 'string' ? { about: said['about'] } : {}),
        ...(verdict === 'proper' || verdict === 'concern' ? { verdict } : {}),
        ...(isJsonObject(looked)
          ? { looked: { entries: countOf(looked['entries']) ?? 0, hasMore: looked['hasMore'] === true } }
          : {}),
      },
    ];
  });
}

/** A row that somebody without the key changed says nothing. */
export function openedRow(needs: Sealing, row: Pick<RequestRow, 'id' | 'sealed'>): JsonObject {
  return opened(needs, placeOf(row.id), row.sealed);
}

function opened(needs: Sealing, place: string, sealed: string): JsonObject {
  try {
    const read = parseJson(openText(needs.sealingKey, place, sealed));
    return isJsonObject(read) ? read : {};
  } catch {
    return {};
  }
}

export function saidOf(said: JsonObject): Said {
  return {
    name: textOf(said['name']),
    reason: textOf(said['reason']),
    address: textOf(said['address']),
    agent: textOf(said['agent']),
    signedInAtMs: countOf(said['signedInAtMs']) ?? 0,
    assurance: countOf(said['assurance']) ?? 0,
    isNewDevice: said['isNewDevice'] !== false,
    risk: countOf(said['risk']),
    riskReasons: textsOf(said['riskReasons']),
    adds: textsOf(said['adds']),
    dangerous: textsOf(said['dangerous']),
    unusual: textsOf(said['unusual']),
    ...(typeof said['endedBy'] === 'string' ? { endedBy: said['endedBy'] } : {}),
    ...(typeof said['endNote'] === 'string' ? { endNote: said['endNote'] } : {}),
  };
}

function placeOf(id: string): string {
  return `privilege/${id}`;
}

function countOf(value: JsonValue | undefined): number | undefined {
  return typeof value === 'number' ? value : undefined;
}
