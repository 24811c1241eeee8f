import type { OffSite } from '@sallyport/key-vault/server';
import type { Actor } from '@sallyport/ledger';
import { messageOf } from '@sallyport/platform/errors';
import { createTurns } from '@sallyport/platform/turns';
import { createArchiveAlarms } from './archive-alarms.ts';
import { createArchiveChecks } from './archive-checks.ts';
import type { Verification } from './archive-checks.ts';
import { createArchiveHolds } from './archive-holds.ts';
import type { ArchiveReport } from './archive-report.ts';
import { createArchiveLocks } from './archive-locks.ts';
import { createArchiveRound } from './archive-round.ts';
import { createArchiveSettings, placeName } from './archive-settings.ts';
import type { SettingsChange } from './archive-settings.ts';
import { createArchiveStore } from './archive-store.ts';
import { createArchiveTroubles } from './archive-troubles.ts';
import type { ArchivedFile } from './archived-file.ts';
import { ArchiveError } from './errors.ts';
import { createFileKeeper } from './file-keeper.ts';
import type { OpenedPlace } from './file-keeper.ts';
import { createIntakeTurns } from './intake-turns.ts';
import { createLedgerFiles } from './ledger-files.ts';
import { createLocalCopies } from './local-copies.ts';
import type { ArchiveNeeds } from './needs.ts';
import { createOffSite } from './off-site.ts';
import type { ArchiveSettings } from './settings.ts';

export type Archive = {
  /** Reads the settings, so that `offSite` answers. */
  start(): Promise<void>;
  /** Called every second or so: one round at a time. */
  tick(): Promise<void>;
  report(): Promise<ArchiveReport>;
  /** In the order of names, from behind one. */
  files(after: string, limit: number): Promise<readonly ArchivedFile[]>;
  configure(request: SettingsChange): Promise<void>;
  /** Archives what has not waited long enough, too, in the background. */
  archiveNow(actor: Actor): Promise<void>;
  /** Asks for every file anew, in the background. Throws `archive_busy`. */
  verify(options: { readonly isDeep: boolean; readonly actor: Actor }): Promise<void>;
  /** Where others keep what must outlive this machine; undefined while none is set up. */
  offSite(): OffSite | undefined;
  close(): Promise<void>;
};

export function createArchive(needs: ArchiveNeeds): Archive {
  const { clock, log } = needs;
  const store = createArchiveStore(needs.database);
  const settingsKeeper = createArchiveSettings({ ...needs, store });
  const files = createLedgerFiles(needs.ledgerDirectory);
  const turns = createIntakeTurns(needs);
  const keeper = createFileKeeper({ store, nowMs: () => clock.nowMs(), turn: (signal) => turns.turn(signal) });
  const round = createArchiveRound({ ...needs, files, store, keeper });
  let settings: ArchiveSettings | undefined;
  const alarms = createArchiveAlarms({
    ...needs,
    store,
    nowMs: () => clock.nowMs(),
    place: () => placeName(settings?.place),
  });
  const troubles = createArchiveTroubles({ clock, log, alarms });
  const checks = createArchiveChecks({
    store,
    alarms,
    files,
    copies: createLocalCopies({ ...needs, files }),
    keeper,
    nowMs: () => clock.nowMs(),
    monotonicMs: () => clock.monotonicMs(),
  });
  const holds = createArchiveHolds({ store, alarms, holds: needs.holds });
  const locks = createArchiveLocks({
    store,
    alarms,
    files,
    nowMs: () => clock.nowMs(),
    monotonicMs: () => clock.monotonicMs(),
  });
  const inTurn = createTurns();
  let opened: OpenedPlace | undefined;
  let isRead = false;
  let isPrepared = false;
  let isAll = false;
  let working: Promise<void> | undefined;
  let verifying: Promise<void> | undefined;
  let verification: Verification | undefined;
  let closing = new AbortController();

  async function ready(): Promise<OpenedPlace | undefined> {
    if (!isRead) {
      settings = await settingsKeeper.current();
      isRead = true;
    }
    if (settings === undefined) return undefined;
    return (opened ??= await settingsKeeper.open(settings));
  }

  async function work(): Promise<void> {
    const place = await ready();
    if (place === undefined || settings === undefined) return;
    const { signal } = closing;
    // A share may be unmounted, or another disk be put in its place, at any time.
    if (!isPrepared || place.place.facts.kind === 'directory') await place.place.prepare(signal);
    isPrepared = true;
    if (place.place.facts.kind === 'directory') await checks.requireSamePlace(place, signal);
    const spanMs = settings.spanMinutes * 60_000;
    const wantsAll = isAll;
    await round.run(place, { isAll: wantsAll, spanMs, signal });
    if (wantsAll) isAll = false;
    await holds.apply(place, signal);
    await locks.next(place, signal);
    await checks.next(place, signal);
  }

  async function watchLag(): Promise<void> {
    if (opened === undefined || settings === undefined) return;
    const lagMs = round.waitedMs(await round.progress(opened));
    const hours = Math.floor(lagMs / 3_600_000);
    if (lagMs > settings.lagLimitHours * 3_600_000)
      await alarms.raise('behind', {
        action: 'archive.behind',
        outcome: 'failure',
        message: `The archive is ${hours} hours behind, and may be ${settings.lagLimitHours}`,
        details: { hours, limit_hours: settings.lagLimitHours },
      });
    else
      await alarms.settle('behind', (details) => ({
        action: 'archive.caught-up',
        outcome: 'success',
        message: 'The archive has caught up',
        details,
      }));
  }
  async function tickOnce(): Promise<void> {
    try {
      if (troubles.mayTry() || isAll) {
        await work();
        await troubles.succeeded();
      }
    } catch (error) {
      if (closing.signal.aborted) return;
      isPrepared = false;
      await troubles.failed(error);
    }
    await watchLag();
  }

  function tick(): Promise<void> {
    working ??= tickOnce()
      .catch((error: unknown) => log.warn('The archive’s state was not recorded', { message: messageOf(error) }))
      .finally(() => {
        working = undefined;
      });
    return working;
  }
  async function stopWork(): Promise<void> {
    closing.abort();
    await working;
    await verifying;
    opened?.place.close();
    opened = undefined;
    isPrepared = false;
  }

  return {
    async start() {
      await ready();
    },
    tick,
    async report() {
      const place = await ready();
      if (place === undefined || settings === undefined) return { kind: 'off' };
      const [logs, totals, troubled, newestVault] = await Promise.all([
        round.progress(place),
        store.totals(place.id),
        store.troubled(place.id, 100),
        store.newestOfKind(place.id, 'vault'),
      ]);
      const lagMs = round.waitedMs(logs);
      return {
        kind: 'on',
        settings,
        place: place.place.facts,
        state:
          troubles.current() !== undefined
            ? 'failing'
            : turns.isPaused()
              ? 'paused'
              : working === undefined
                ? 'waiting'
                : 'archiving',
        failure: troubles.current(),
        logs,
        totals,
        troubled,
        newestVault,
        verification,
        lagMs,
        isLate: lagMs > settings.lagLimitHours * 3_600_000,
      };
    },
    async files(after, limit) {
      const place = await ready();
      return place === undefined ? [] : store.filesAfter(place.id, after, limit);
    },
    configure: (request) =>
      inTurn(async () => {
        await settingsKeeper.change(request, needs.deadline(60_000));
        await stopWork();
        closing = new AbortController();
        troubles.forget();
        verification = undefined;
        isRead = false;
        await ready();
        // What was wrong with another place, or with none, is wrong no more.
        await troubles.succeeded();
      }),
    async archiveNow(actor) {
      if ((await ready()) === undefined) throw off();
      isAll = true;
      await tellBy(actor, 'archive.now', 'What has not waited long enough is archived now');
      void (working ?? Promise.resolve()).then(tick);
    },
    async verify({ isDeep, actor }) {
      const place = await ready();
      if (place === undefined) throw off();
      if (verifying !== undefined)
        throw new ArchiveError('archive_busy', 'Cannot check the archive: it is being checked already');
      const { signal } = closing;
      verifying = checks
        .all(place, { isDeep, signal }, (state) => {
          verification = state;
        })
        .then(async ({ state, done, problems, error }) => {
          if (signal.aborted) return;
          await tellBy(
            actor,
            'archive.verified',
            `The archive was checked: ${done} files, ${problems.length} with problems`,
            {
              outcome: state === 'done' && problems.length === 0 ? 'success' : 'failure',
              files: done,
              problems: problems.length,
              deep: isDeep,
              ...(error === undefined ? {} : { error }),
            },
          );
        })
        .catch((error: unknown) => log.warn('The check of the archive was not recorded', { message: messageOf(error) }))
        .finally(() => {
          verifying = undefined;
        });
    },
    offSite() {
      const facts = opened?.place.facts;
      if (facts === undefined) return undefined;
      return createOffSite({
        facts,
        keeper,
        store,
        nowMs: () => clock.nowMs(),
        opened: async () => {
          const place = await ready();
          if (place === undefined) throw off();
          return place;
        },
      });
    },
    async close() {
      await stopWork();
    },
  };

  async function tellBy(
    actor: Actor,
    action: string,
    message: string,
    {
      outcome = 'success',
      ...details
    }: { outcome?: 'success' | 'failure' } & Record<string, string | number | boolean> = {},
  ): Promise<void> {
    await alarms.tell({ action, outcome, message, details: { ...details, by: actor.id, by_name: actor.name } });
  }
}

function off(): ArchiveError {
  return new ArchiveError('archive_off', 'Cannot do this: no archive is set up', {
    hint: 'name a bucket or a directory under Ledger, Archive',
  });
}
