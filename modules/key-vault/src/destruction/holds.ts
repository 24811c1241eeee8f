import { KeyVaultError } from '../errors.ts';
import type { DeskContext } from './desk-context.ts';
import { refuseManyHolds } from './bounds.ts';
import { withEntry } from './entries.ts';
import { heldKeyIds } from './holding.ts';
import type { Hold } from './section.ts';
import type { HoldSelector } from './shown.ts';
import { refusal } from './store.ts';

export type HoldRequest = {
  readonly name: string;
  readonly reason: string;
  readonly keyIds: readonly string[];
  readonly selector: HoldSelector | undefined;
};

const maxHeldIds = 10_000;
const boundsOf = ({ classes, fromDay, toDay }: HoldSelector): NonNullable<Hold['selector']> => ({
  classes: [...classes],
  ...(fromDay === undefined ? {} : { fromDay }),
  ...(toDay === undefined ? {} : { toDay }),
});
const day = /^\d{4}-\d{2}-\d{2}$/;

/** At once, by whoever may; only two people together release it. Throws `destruction_refused`, `vault_key_unknown`. */
export function placeHold(context: DeskContext, request: HoldRequest, by: string): Hold {
  const { store, state } = context;
  const { name, reason, selector } = request;
  const keyIds = [...new Set(request.keyIds)].toSorted();
  refuseManyHolds(store.get(), by, keyIds);
  if (keyIds.length > maxHeldIds)
    throw refusal(`Cannot place a hold: it names ${keyIds.length} keys, must be at most ${maxHeldIds}`);
  if (keyIds.length === 0 && (selector === undefined || selector.classes.length === 0))
    throw refusal('Cannot place a hold: it names neither keys nor classes');
  for (const bound of [selector?.fromDay, selector?.toDay])
    if (bound !== undefined && !day.test(bound))
      throw refusal(`Cannot place a hold: "${bound}" is no day, must be YYYY-MM-DD`);
  for (const keyId of keyIds)
    if (state.record(keyId) === undefined)
      throw new KeyVaultError('vault_key_unknown', `Cannot hold key "${keyId}": there is none`);
  const hold: Hold = {
    id: state.freshId(),
    name,
    reason,
    by,
    atMs: context.nowMs(),
    keyIds,
    ...(selector === undefined ? {} : { selector: boundsOf(selector) }),
  };
  store.update((section) =>
    withEntry({ ...section, holds: [...section.holds, hold] }, context.nowMs(), {
      action: 'vault.hold_placed',
      message: `Legal hold "${name}" keeps ${heldKeyIds(hold, state.list().records).length} keys`,
      by: { id: by },
      target: { type: 'hold', id: hold.id },
      details: { hold: { ...hold, selector: hold.selector === undefined ? null : { ...hold.selector } } },
    }),
  );
  return hold;
}
