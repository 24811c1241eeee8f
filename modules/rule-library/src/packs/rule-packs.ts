import type { Readable } from 'node:stream';
import type { JsonObject } from '@sallyport/contracts';
import { codeOf, messageOf } from '@sallyport/platform/errors';
import type { Principal } from '@sallyport/platform/http';
import { createTurns } from '@sallyport/platform/turns';
import { compareFiles } from './compare-files.ts';
import { RulePackError } from './errors.ts';
import { huntTexts } from './hunt-texts.ts';
import { diffLines } from '@sallyport/platform/line-diff';
import type { DiffLine } from '@sallyport/platform/line-diff';
import type { RuleFile, RulePacksNeeds } from './needs.ts';
import { differenceOf } from './pack-difference.ts';
import type { Difference } from './pack-difference.ts';
import { createPackDirectory } from './pack-directory.ts';
import { packEvent, packSystem } from './pack-events.ts';
import type { PackAction } from './pack-events.ts';
import { createPackSources } from './pack-sources.ts';
import type { PackDamage } from './pack-sources.ts';
import { packStateLimits, versionOf, withInForce, withVersion } from './pack-state.ts';
import type { PackPolicy, PackState, PackVersion } from './pack-state.ts';
import { createPackStore } from './pack-store.ts';
import type { CatalogueRule } from './read-catalogue.ts';
import { documentAt } from './rule-documents.ts';
import { createPackTaking } from './take-pack.ts';
import type { ReadingProgress } from './take-pack.ts';
import { createTrustedKeys } from './trusted-keys.ts';
import type { TrustedKeys } from './trusted-keys.ts';

export type ShownPack = {
  readonly state: PackState;
  /** Why nothing of it is in force although it should be. */
  readonly damage: string | undefined;
  progress(version: string): ReadingProgress | undefined;
};

/** A rule of a release beside the rule of the same id in force. */
export type RuleDifference = {
  readonly before: CatalogueRule | undefined;
  readonly after: CatalogueRule | undefined;
  readonly lines: readonly DiffLine[];
};

type By = { readonly actor: Principal };
type Named = By & { readonly name: string };

export type RulePacks = {
  /** What detection is to load of all packs, checked anew each time. Never rejects for what a pack holds: a damaged one gives nothing, is told once, and stands in the health. */
  sources(): Promise<readonly RuleFile[]>;
  list(): Promise<readonly ShownPack[]>;
  /** Throws `RulePackError` `pack_unknown`, `pack_damaged`. */
  get(name: string): Promise<ShownPack>;
  /** Takes a pack from the network: nothing of it is in force. Throws `RulePackError` `pack_busy`, and as it is read. */
  take(
    body: Readable,
    asked: By & { readonly signal: AbortSignal },
  ): Promise<{ readonly name: string; readonly version: string }>;
  /** What would change with this version. Throws `RulePackError` `pack_unknown`, `pack_not_ready`. */
  difference(name: string, version: string): Promise<Difference>;
  /** Throws as `difference`, and `pack_rule_unknown`. */
  ruleDifference(name: string, version: string, ruleId: string): Promise<RuleDifference>;
  /** Resolves when the version is in force. `older` says that it may be one that was made before the one in force. Throws `RulePackError` `pack_version_older`, `pack_not_ready`. */
  activate(asked: Named & { readonly version: string; readonly older?: boolean }): Promise<ShownPack>;
  /** Back to the version that was in force before. */
  rollback(asked: Named): Promise<ShownPack>;
  /** Forgets a version that is not in force. */
  discard(asked: Named & { readonly version: string }): Promise<ShownPack>;
  /** Takes all of it out of force and forgets it. */
  remove(asked: Named): Promise<void>;
  setPolicy(asked: Named & { readonly policy: PackPolicy }): Promise<ShownPack>;
  switchOff(asked: Named & { readonly ruleId: string; readonly reason: string }): Promise<ShownPack>;
  switchOn(asked: Named & { readonly ruleId: string }): Promise<ShownPack>;
  /** Looks for the new and changed rules of a version in what was kept of the last days. Says where the hunts are. */
  tryOnHistory(
    asked: Named & { readonly version: string; readonly days: number },
  ): Promise<{ readonly hunts: readonly string[]; readonly rules: number }>;
  readonly keys: TrustedKeys;
  health(): { readonly damaged: readonly PackDamage[] };
  close(): Promise<void>;
};

/** Releases of rules by others. What is in force of them changes when a person says so, whole and at once. */
export async function createRulePacks(needs: RulePacksNeeds): Promise<RulePacks> {
  const { database, outbox, clock } = needs;
  const store = createPackStore(needs);
  const directory = createPackDirectory({ path: needs.directory, random: needs.random });
  const packSources = createPackSources({ store, directory });
  const inTurn = createTurns();
  const taking = createPackTaking({ ...needs, store, directory, inTurn, wasRead: putBack });
  const keys = createTrustedKeys({ ...needs, store });
  let underWay = 0;
  let damaged: readonly PackDamage[] = [];
  /** What is loaded in place of what is stored, while it is tried. */
  let trial: { readonly name: string; readonly files: readonly RuleFile[] } | undefined;

  await sweep();
  taking.resume();

  async function sweep(): Promise<void> {
    const { packs, damaged: unread } = await store.packs();
    // The file of a row that does not open may be all that is left of it.
    if (unread.length > 0) return;
    await directory.removeOthers(new Set(packs.flatMap(({ versions }) => versions.map(({ sha256 }) => sha256))));
  }

  async function sources(): Promise<readonly RuleFile[]> {
    // Before the rows are read: what is stored and no longer tried while they are is in them.
    const tried = trial;
    const { packs, damaged: unread } = await store.packs();
    const { files, damaged: found } = await packSources.ofAll(
      packs.filter(({ name }) => name !== tried?.name),
      packSources.lettingIn,
    );
    const now = [...found, ...unread.map((name) => ({ name, reason: 'What is kept of it was changed' }))];
    await tellDamage(now);
    return [...files, ...(tried?.files ?? [])].toSorted((a, b) => (a.file < b.file ? -1 : 1));
  }

  /** Each damage once. */
  async function tellDamage(now: readonly PackDamage[]): Promise<void> {
    const fresh = now.filter(({ name, reason }) => !damaged.some((old) => old.name === name && old.reason === reason));
    damaged = now;
    for (const { name, reason } of fresh) {
      needs.log.error('A rule pack is out of force', { name, reason });
      const event = packEvent({
        nowMs: clock.nowMs(),
        actor: packSystem,
        action: 'refused',
        target: name,
        failure: 'pack_damaged',
        details: { reason },
      });
      await database.transaction().execute((transaction) => outbox.record(transaction, event));
    }
  }

  /** A file that was damaged is here again: what it holds comes into force as it was decided. */
  async function putBack({ name, version }: { name: string; version: string }, actor: Principal): Promise<void> {
    if (!damaged.some((one) => one.name === name) || (await store.pack(name)).inForce !== version) return;
    await needs.inForce
      .reload(actor)
      .catch((error: unknown) => needs.log.error('The rules are not loaded anew', { reason: messageOf(error) }));
  }

  function shownOf(state: PackState): ShownPack {
    return {
      state,
      damage: damaged.find(({ name }) => name === state.name)?.reason,
      progress: (version) => taking.progressOf(state.name, version),
    };
  }

  async function readyVersion(state: PackState, version: string): Promise<PackVersion> {
    const found = versionOf(state, version);
    if (found === undefined)
      throw new RulePackError(
        'pack_unknown',
        `Cannot find version "${version}" of "${state.name}": it was not imported`,
      );
    if (found.reading === 'done') return found;
    throw new RulePackError(
      'pack_not_ready',
      found.reading === 'failed'
        ? `Cannot use version "${version}" of "${state.name}": ${found.reason ?? 'it could not be read'}`
        : `Cannot use version "${version}" of "${state.name}": its rules are still being read`,
      { hint: found.reading === 'failed' ? 'discard it' : 'ask again in a moment' },
    );
  }

  /** Saves a change that detection need not hear of. */
  async function save(state: PackState, event: Recorded): Promise<ShownPack> {
    await database.transaction().execute(async (transaction) => {
      await store.save(transaction, state);
      await outbox.record(transaction, eventOf(state.name, event));
    });
    await outbox.flushed();
    return shownOf(state);
  }

  type Recorded = By & { readonly action: PackAction; readonly failure?: string; readonly details?: JsonObject };
  const eventOf = (target: string, event: Recorded) => packEvent({ nowMs: clock.nowMs(), target, ...event });

  /**
   * First detection loads what it is to be, then it is stored: a death in between leaves what was in force before, and so does a set of rules that
   * cannot be loaded. `next` undefined removes the pack.
   */
  async function putInForce(name: string, next: PackState | undefined, event: Recorded): Promise<void> {
    trial = { name, files: next === undefined ? [] : await packSources.lettingIn(next) };
    try {
      await needs.inForce.reload(event.actor);
    } catch (error) {
      trial = undefined;
      const failed = eventOf(name, { ...event, failure: codeOf(error) ?? 'internal' });
      await database.transaction().execute((transaction) => outbox.record(transaction, failed));
      await outbox.flushed();
      throw error;
    }
    try {
      await database.transaction().execute(async (transaction) => {
        if (next === undefined) await store.remove(transaction, name);
        else await store.save(transaction, next);
        await outbox.record(transaction, eventOf(name, event));
      });
    } catch (error) {
      trial = undefined;
      await needs.inForce
        .reload(event.actor)
        .catch((again: unknown) =>
          needs.log.error('The rules before are not back in force', { reason: messageOf(again) }),
        );
      throw error;
    }
    trial = undefined;
    damaged = damaged.filter((one) => one.name !== name);
    await outbox.flushed();
    await sweep();
  }

  async function change(state: PackState, event: Recorded): Promise<ShownPack> {
    if (state.inForce === undefined) return save(state, event);
    await putInForce(state.name, state, event);
    return shownOf(state);
  }

  async function ruleOf(state: PackState, ruleId: string): Promise<CatalogueRule | undefined> {
    for (const version of state.versions) {
      if (version.reading !== 'done') continue;
      const { rules } = await packSources.catalogueOf(state.name, version);
      const found = rules.find(({ id }) => id === ruleId);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  async function compared(name: string, version: string) {
    const state = await store.pack(name);
    const wanted = await readyVersion(state, version);
    const current = versionOf(state, state.inForce);
    return {
      state,
      wanted,
      current,
      after: await packSources.catalogueOf(name, wanted),
      before: current === undefined ? undefined : await packSources.catalogueOf(name, current),
    };
  }

  async function difference(name: string, version: string): Promise<Difference> {
    const both = await compared(name, version);
    return {
      ...differenceOf({ ...both, inForce: needs.inForce.rules() }),
      files: await changedFiles(name, both),
    };
  }

  async function changedFiles(
    name: string,
    { wanted, current }: { readonly wanted: PackVersion; readonly current: PackVersion | undefined },
  ): Promise<Difference['files']> {
    const after = await packSources.otherFilesOf(name, wanted);
    if (current === undefined) return compareFiles([], after);
    // A damaged release is left by another: what that one holds must be shown nevertheless.
    const before = await packSources.otherFilesOf(name, current).catch((error: unknown) => {
      if (error instanceof RulePackError) return undefined;
      throw error;
    });
    return before === undefined ? undefined : compareFiles(before, after);
  }

  async function textOf(
    name: string,
    version: PackVersion | undefined,
    rule: CatalogueRule | undefined,
  ): Promise<string> {
    if (version === undefined || rule === undefined) return '';
    const file = (await packSources.filesOf(name, version)).find(({ path }) => path === rule.path);
    return documentAt(file?.text ?? '', rule.line);
  }

  return {
    sources,
    async list() {
      return (await store.packs()).packs.map(shownOf);
    },
    get: async (name) => shownOf(await store.pack(name)),
    async take(body, { actor, signal }) {
      const taken = underWay + taking.underWay();
      if (taken >= maxTaken)
        throw new RulePackError(
          'pack_busy',
          `Cannot take a rule pack: ${taken} are being taken or read, must be fewer than ${maxTaken}`,
          {
            hint: 'wait until they are',
          },
        );
      underWay += 1;
      try {
        const file = await directory.receive(body, signal);
        try {
          const taken = await inTurn(() => taking.admit(file, actor));
          await putBack(taken, actor);
          return taken;
        } finally {
          await directory.discard(file);
        }
      } finally {
        underWay -= 1;
      }
    },
    difference,
    async ruleDifference(name, version, ruleId) {
      const { before, after, wanted, current } = await compared(name, version);
      const was = before?.rules.find(({ id }) => id === ruleId);
      const is = after.rules.find(({ id }) => id === ruleId);
      if (was === undefined && is === undefined)
        throw new RulePackError(
          'pack_rule_unknown',
          `Cannot find rule "${ruleId}" in "${name}": neither version has it`,
        );
      return {
        before: was,
        after: is,
        lines: diffLines(await textOf(name, current, was), await textOf(name, wanted, is)),
      };
    },
    activate: ({ name, version, older = false, actor }) =>
      inTurn(async () => {
        const state = await store.pack(name);
        const wanted = await readyVersion(state, version);
        const current = versionOf(state, state.inForce);
        if (current !== undefined && current.version !== version && wanted.createdMs <= current.createdMs && !older)
          throw new RulePackError(
            'pack_version_older',
            `Cannot put version "${version}" of "${name}" into force: it was not made after "${current.version}", which is in force`,
            { hint: 'where that is meant, say so with "older" (--older), or go back with rollback' },
          );
        const { summary } = differenceOf({ ...(await compared(name, version)), inForce: needs.inForce.rules() });
        const next = withInForce(state, version);
        await putInForce(name, next, {
          actor,
          action: 'activate',
          details: {
            version,
            before: state.inForce ?? '',
            sha256: wanted.sha256,
            added: summary.added,
            removed: summary.removed,
            changed: summary.changed,
          },
        });
        return shownOf(next);
      }),
    rollback: ({ name, actor }) =>
      inTurn(async () => {
        const state = await store.pack(name);
        const [previous, ...rest] = state.before;
        if (previous === undefined)
          throw new RulePackError('pack_not_ready', `Cannot go back in "${name}": no version was in force before`);
        await readyVersion(state, previous);
        // The one that is left waits again; nobody is rolled back into it.
        const next: PackState = { ...state, inForce: previous, before: rest };
        await putInForce(name, next, {
          actor,
          action: 'rollback',
          details: { version: previous, before: state.inForce ?? '' },
        });
        return shownOf(next);
      }),
    discard: ({ name, version, actor }) =>
      inTurn(async () => {
        const state = await store.pack(name);
        if (versionOf(state, version) === undefined)
          throw new RulePackError('pack_unknown', `Cannot find version "${version}" of "${name}": it was not imported`);
        if (state.inForce === version)
          throw new RulePackError(
            'pack_not_ready',
            `Cannot discard version "${version}" of "${name}": it is in force`,
            {
              hint: 'put another version into force first, or remove the pack',
            },
          );
        const without: PackState = {
          ...state,
          versions: state.versions.filter((one) => one.version !== version),
          before: state.before.filter((one) => one !== version),
        };
        const shown = await save(without, { actor, action: 'discard', details: { version } });
        await sweep();
        return shown;
      }),
    remove: ({ name, actor }) =>
      inTurn(async () => {
        const { packs, damaged: unread } = await store.packs();
        const state = packs.find((one) => one.name === name);
        if (state === undefined && !unread.includes(name)) await store.pack(name);
        await putInForce(name, undefined, { actor, action: 'remove', details: { version: state?.inForce ?? '' } });
      }),
    setPolicy: ({ name, policy, actor }) =>
      inTurn(async () => {
        const state = await store.pack(name);
        const { minimumLevel, minimumStatus } = policy;
        return change(
          { ...state, policy },
          { actor, action: 'policy', details: { minimum_level: minimumLevel, minimum_status: minimumStatus } },
        );
      }),
    switchOff: ({ name, ruleId, reason, actor }) =>
      inTurn(async () => {
        const state = await store.pack(name);
        const rule = await ruleOf(state, ruleId);
        if (rule === undefined)
          throw new RulePackError(
            'pack_rule_unknown',
            `Cannot switch off rule "${ruleId}": "${name}" has none of this id`,
          );
        const others = state.off.filter((one) => one.ruleId !== ruleId);
        if (others.length >= packStateLimits.off)
          throw new RulePackError('packs_full', `Cannot switch off another rule: ${others.length} are off already`, {
            hint: 'a higher minimum level may say what you mean',
          });
        const { kind, id, name: actorName } = actor;
        const by = { kind, id, name: actorName };
        const off = [...others, { ruleId, title: rule.title, reason, by, atMs: clock.nowMs() }];
        return change({ ...state, off }, { actor, action: 'rule-off', details: { rule: ruleId, reason } });
      }),
    switchOn: ({ name, ruleId, actor }) =>
      inTurn(async () => {
        const state = await store.pack(name);
        const off = state.off.filter((one) => one.ruleId !== ruleId);
        if (off.length === state.off.length)
          throw new RulePackError('pack_rule_unknown', `Cannot switch on rule "${ruleId}" of "${name}": it is not off`);
        return change({ ...state, off }, { actor, action: 'rule-on', details: { rule: ruleId } });
      }),
    async tryOnHistory({ name, version, days, actor }) {
      const { wanted, state } = await compared(name, version);
      const { changes } = await difference(name, version);
      const rules = changes.filter(
        ({ change: what, changed, heldBack, takenBy, rule }) =>
          (what === 'added' || changed.includes('detection')) &&
          heldBack === undefined &&
          takenBy === undefined &&
          !rule.isCorrelation,
      );
      const texts = huntTexts(rules, await packSources.filesOf(name, wanted));
      if (texts.length === 0)
        throw new RulePackError(
          'pack_not_ready',
          `Cannot try version "${version}" of "${name}": none of its rules is new or looks for something else`,
        );
      const from = new Date(clock.nowMs() - days * 86_400_000).toISOString();
      const hunts: string[] = [];
      for (const text of texts) hunts.push((await needs.hunts.start({ text, from, by: actor })).id);
      await inTurn(async () => {
        const now = await store.pack(state.name);
        const found = versionOf(now, version);
        if (found === undefined) return;
        const tried = { ids: hunts, rules: rules.length, days };
        await save(withVersion(now, { ...found, tried }), {
          actor,
          action: 'try',
          details: { version, days, rules: rules.length },
        });
      });
      return { hunts, rules: rules.length };
    },
    keys: {
      ...keys,
      add: (asked) => inTurn(() => keys.add(asked)),
      remove: (asked) => inTurn(() => keys.remove(asked)),
    },
    health: () => ({ damaged }),
    close: () => taking.close(),
  };
}

/** Each holds a connection, a file and a thread. */
const maxTaken = 2;
