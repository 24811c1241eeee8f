import { withEntry } from './entries.ts';
import type { Intent, Section } from './section.ts';
import { refusal } from './store.ts';

/*
 * The sealed list is written twice for each change and opened at each start, so nobody may make it long: neither a person with the
 * right to propose, nor a server that was taken over and speaks in any name. What nobody has signed makes room for what comes
 * later; a hold never does, and is released together with others.
 */

export const bounds = {
  openOfOne: 20,
  open: 200,
  /** That wait for weeks without two signatures: they make room for nothing. */
  alone: 10,
  /** With one signature, of whoever gave it: a passkey alone fills no list either. */
  signedByOne: 40,
  /** Ended ones kept in the vault; their certificates and entries stay. */
  ended: 200,
  /** Keys named by all proposals together, ended ones included. */
  namedByIntents: 50_000,
  holds: 500,
  holdsOfOne: 100,
  /** Keys named by all holds together; a selector names none. */
  namedByHolds: 50_000,
  policies: 200,
  /** Entries the ledger has not taken yet. */
  waiting: 100,
} as const;

const endedStages: ReadonlySet<string> = new Set(['destroyed', 'agreed', 'cancelled', 'emptied']);
const named = (intents: readonly Intent[]): number => intents.reduce((sum, { keyIds }) => sum + keyIds.length, 0);
const isOpen = ({ stage }: Intent): boolean => stage === 'proposed';

/** Throws `destruction_refused` while the ledger takes nothing: what it is not told of is not begun. */
export function refuseBacklog({ outbox }: Section): void {
  if (outbox.length >= bounds.waiting)
    throw refusal(`Cannot go on: ${outbox.length} entries wait for the ledger, which takes none`);
}

/**
 * The section with room for one more proposal. Ended ones go first, then, of whoever has most of them open, the oldest nobody has
 * signed. Throws `destruction_refused` when whoever asks has too many, or what is there is signed.
 */
export function withRoomFor(
  section: Section,
  { kind, by, keyIds, approver }: Pick<Intent, 'kind' | 'by' | 'keyIds' | 'approver'>,
  nowMs: number,
): Section {
  refuseBacklog(section);
  const mine = section.intents.filter((one) => isOpen(one) && one.by === by && one.kind !== 'expiry');
  if (kind !== 'expiry' && mine.length >= bounds.openOfOne) throw tooMany(`"${by}" has ${mine.length}`);
  const alone = section.intents.filter((one) => isOpen(one) && one.approver?.isAlone === true).length;
  if (approver?.isAlone === true && alone >= bounds.alone) throw tooMany(`there are ${alone} without a second person,`);
  let next = withoutOld(section, keyIds.length);
  for (;;) {
    const open = next.intents.filter(isOpen).length;
    if (open < bounds.open && named(next.intents) + keyIds.length <= bounds.namedByIntents) return next;
    const victim = mostCrowded(next);
    if (victim === undefined) throw tooMany(`there are ${open}`);
    next = withoutOld(displaced(next, victim, nowMs), keyIds.length);
  }
}

function tooMany(what: string): Error {
  return refusal(
    `Cannot propose: ${what} open proposals`,
    'cancel what is not wanted any more: sallyport vault destroy --cancel ID',
  );
}

/** The oldest unsigned one of whoever has most unsigned ones. What is waited for without signatures is not among them. */
function mostCrowded({ intents }: Section): Intent | undefined {
  const unsigned = intents.filter(
    (one) => isOpen(one) && one.signatures.length === 0 && one.kind !== 'expiry' && one.approver?.isAlone !== true,
  );
  const [first] = [...Map.groupBy(unsigned, ({ by }) => by).values()].toSorted((a, b) => b.length - a.length);
  return first?.[0];
}

function displaced(section: Section, { id }: Intent, atMs: number): Section {
  const ended = { by: 'vault', reason: 'made room for newer ones; nobody had signed it', atMs };
  const stage = 'cancelled' as const;
  return withEntry(
    { ...section, intents: section.intents.map((one) => (one.id === id ? { ...one, stage, ended } : one)) },
    atMs,
    {
      action: 'vault.destruction_cancelled',
      message: 'A proposal nobody had signed made room for newer ones',
      by: { id: 'vault', name: 'Key vault' },
      target: { type: 'destruction', id },
      details: { reason: ended.reason },
    },
  );
}

/** Of what has ended, what came to nothing goes before what destroyed something. */
export function withoutOld(section: Section, coming: number): Section {
  const ended = section.intents
    .filter(({ stage }) => endedStages.has(stage))
    .toSorted((a, b) => Number(a.stage === 'destroyed') - Number(b.stage === 'destroyed'));
  let count = ended.length;
  let names = named(section.intents) + coming;
  const old = new Set<string>();
  for (const { id, keyIds } of ended) {
    if (count <= bounds.ended && names <= bounds.namedByIntents) break;
    old.add(id);
    count -= 1;
    names -= keyIds.length;
  }
  return old.size === 0 ? section : { ...section, intents: section.intents.filter(({ id }) => !old.has(id)) };
}

/** Throws `destruction_refused` when one person alone holds up too many with a signature. */
export function refuseManySigned({ intents }: Section, userId: string): void {
  const signed = intents.filter(
    (one) => isOpen(one) && one.signatures.length === 1 && one.signatures[0]?.userId === userId,
  );
  if (signed.length >= bounds.signedByOne)
    throw refusal(`Cannot accept the signature: ${signed.length} others wait for a second person after yours`);
}

/** Throws `destruction_refused`. */
export function refuseManyHolds(section: Section, by: string, keyIds: readonly string[]): void {
  refuseBacklog(section);
  const { holds } = section;
  const mine = holds.filter((one) => one.by === by).length;
  const names = holds.reduce((sum, one) => sum + one.keyIds.length, keyIds.length);
  const why =
    holds.length >= bounds.holds
      ? `there are ${holds.length} already`
      : mine >= bounds.holdsOfOne
        ? `"${by}" has placed ${mine} already`
        : names > bounds.namedByHolds
          ? `all together would name ${names} keys, must be at most ${bounds.namedByHolds}`
          : undefined;
  if (why !== undefined)
    throw refusal(
      `Cannot place a hold: ${why}`,
      'name classes and days rather than keys; two people release many at once: sallyport vault release ID…',
    );
}

/** The policies with one more; what says no more than that all is kept makes room. Throws `destruction_refused`. */
export function withPolicy(section: Section, policy: Section['policies'][number]): Section {
  const others = section.policies.filter((one) => one.class !== policy.class);
  if (others.length < bounds.policies) return { ...section, policies: [...others, policy] };
  const at = others.findIndex(({ keepDays }) => keepDays === null);
  if (at === -1) throw refusal(`Cannot keep another policy: there are ${others.length}`);
  return { ...section, policies: [...others.filter((_, index) => index !== at), policy] };
}
