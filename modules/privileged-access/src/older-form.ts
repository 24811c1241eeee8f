import { isJsonObject, textsOf } from '@sallyport/contracts';
import type { JsonObject } from '@sallyport/contracts';
import type { Transaction } from '@sallyport/platform/database';
import { privilegeLimits } from './request.ts';
import type { PrivilegeRequest } from './request.ts';
import { decisionsOf, openedRow, requestFrom, rowOf, saidOf } from './request-row.ts';
import type { DecisionRow, RequestRow, Sealing } from './request-row.ts';

type Tables = { privilege_requests: RequestRow; privilege_decisions: DecisionRow };

/**
 * Seals rows of an earlier version, which sealed what was said and what was given and left beside it, in the clear, how far it had
 * come, where and until when. Nobody gets more by what may have been written there: what was open is over and is asked for anew.
 * A break-glass alone goes on, or the last door would shut on whoever went through it: when it was opened is sealed, and its
 * session is found only if it is its own account's. That, too, only where what it gives is sealed, which came later. Gives back what
 * is over by it. Done once: later such a row gives nothing.
 */
export async function sealOlderForm(
  needs: Sealing & { readonly nowMs: number },
  transaction: Transaction,
  write: (request: PrivilegeRequest) => Promise<void>,
): Promise<readonly PrivilegeRequest[]> {
  const view = transaction.withTables<Tables>();
  const over: PrivilegeRequest[] = [];
  for (const row of await view.selectFrom('privilege_requests').selectAll().execute()) {
    const sealed = openedRow(needs, row);
    if (isJsonObject(sealed['facts'])) continue;
    const part = givenPart(row, sealed);
    if (part === undefined) {
      await view.updateTable('privilege_requests').set({ state: 'withdrawn' }).where('id', '=', row.id).execute();
      continue;
    }
    const decided = await view
      .selectFrom('privilege_decisions')
      .selectAll()
      .where('request_id', '=', row.id)
      .orderBy('at_ms')
      .execute();
    const said = saidOf(sealed);
    const minutes = Math.min(Math.max(row.minutes, 0), privilegeLimits.hardMostMinutes);
    const facts = { ...row, ...part, minutes };
    const read = requestFrom({ facts, said, decisions: decisionsOf(needs, decided) });
    const request = settled(read, { nowMs: needs.nowMs, isSealed: sealed['part'] !== undefined });
    if (request.state !== read.state) over.push(request);
    if (request.state === 'active') await write(request);
    else
      await view
        .updateTable('privilege_requests')
        .set(rowOf(needs, request, 0))
        .where('id', '=', row.id)
        .execute();
  }
  return over;
}

function settled(
  request: PrivilegeRequest,
  { nowMs, isSealed }: { readonly nowMs: number; readonly isSealed: boolean },
): PrivilegeRequest {
  const { state, kind, said } = request;
  if (state === 'pending' || state === 'approved') return { ...request, state: 'expired', endedAtMs: nowMs };
  if (state !== 'active') return request;
  if (kind === 'break-glass' && isSealed) return { ...request, startedAtMs: said.signedInAtMs };
  // Looked at by the end of the day: what its rule says is not asked here.
  return { ...request, state: 'ended', endedAtMs: nowMs, endedBecause: 'unsealed', reviewDueMs: nowMs + 86_400_000 };
}

/** Undefined where the row says another role, a longer time, another kind or person than was sealed. */
function givenPart(row: RequestRow, said: JsonObject): JsonObject | undefined {
  const { part } = said;
  // Before there were parts of roles all of it stood in the clear: it is history, and gives nothing.
  if (part === undefined) return said['name'] === undefined ? undefined : { site: null, actions: null };
  if (!isJsonObject(part) || part['role'] !== row.role || part['minutes'] !== row.minutes) return undefined;
  if (part['kind'] !== row.kind || part['requester'] !== row.requester_id) return undefined;
  const { site, actions } = part;
  return {
    site: typeof site === 'string' ? site : null,
    actions: actions === null || actions === undefined ? null : [...textsOf(actions)],
  };
}
