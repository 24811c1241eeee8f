/**
 * What everything else rests on: database, vault, ledger, outbox, and what keeps, destroys and archives them. Nothing here
 * serves anybody yet; when this stands, what was destroyed before a restore is destroyed again.
 */
import { createAnchorStore, createLedgerClient, createOutbox, createPruning } from '@sallyport/ledger';
import type { AnchorStore, AuditEvent, Outbox, Pruning } from '@sallyport/ledger';
import { createSourceClasses } from '@sallyport/retention';
import type { SourceClasses } from '@sallyport/retention';
import { migrate, openDatabase } from '@sallyport/platform/database';
import type { Database } from '@sallyport/platform/database';
import type { Log } from '@sallyport/platform/log';
import { createArchiveServices } from './archive.ts';
import type { ArchiveServices } from './archive.ts';
import { createChildren } from './children.ts';
import type { Children } from './children.ts';
import type { ServerConfig } from './config.ts';
import { prepareDataDirectory } from './writable-directory.ts';
import { createDestructionServices } from './destructions.ts';
import type { DestructionServices } from './destructions.ts';
import { isSealerFinal } from './final-errors.ts';
import type { GrantMarks } from './grant-marks.ts';
import { createOutside } from './outside.ts';
import type { OutsideServices } from './outside.ts';
import { createPersonalDataServices } from './subjects.ts';
import type { PersonalDataServices } from './subjects.ts';
import { secretKey } from './secret-key.ts';
import { secretNames } from './secret-names.ts';
import { delay } from './timers.ts';
import type { every } from './timers.ts';
import { createVaultServices } from './vault.ts';
import type { VaultServices } from './vault.ts';
import type { Clock } from '@sallyport/platform/clock';
import { moduleMigrations } from './module-tables.ts';

/** What parts of the server have in common. */
export type CommonNeeds = {
  readonly clock: Clock;
  readonly random: (bytes: number) => Buffer;
  readonly every: typeof every;
  readonly log: Log;
};

/** How long a destruction waits unless somebody configured less. */
const usualWaitMs = 72 * 3_600_000;

export type Custody = {
  readonly anchor: AnchorStore;
  readonly archiveServices: ArchiveServices;
  readonly children: Children;
  readonly closeDatabase: () => Promise<void>;
  readonly database: Database;
  readonly destructionServices: DestructionServices;
  readonly destructions: DestructionServices['destructions'];
  readonly ledger: PersonalDataServices['ledger'];
  readonly outbox: Outbox;
  readonly outsideServices: OutsideServices;
  readonly personalData: PersonalDataServices;
  readonly pruning: Pruning;
  readonly recordAudit: (event: AuditEvent) => Promise<void>;
  readonly sourceClasses: SourceClasses;
  readonly vault: VaultServices;
  readonly witnesses: OutsideServices['witnesses'];
};

export async function openCustody(
  config: ServerConfig,
  common: CommonNeeds & { readonly grantMarks?: Pick<GrantMarks, 'current'> },
  told: {
    /** The sealer cannot be started again, and nothing can be recorded any more. */
    readonly onLedgerLost?: (error: unknown) => void;
  },
): Promise<Custody> {
  const { clock, random, log } = common;
  prepareDataDirectory(config.dataDirectory);
  if (config.destructionWaitMs < usualWaitMs)
    log.warn('What two people destroy can be called back for less than the usual 72 hours', {
      hours: config.destructionWaitMs / 3_600_000,
    });
  const children = createChildren(config);

  const { database, close: closeDatabase } = await openDatabase(config.database);
  await migrate(database, moduleMigrations);
  const anchor = createAnchorStore(database);
  const outside = createOutside({ ...common, database, timeServer: config.timeServer });
  const { afterRestore } = config;
  const vault = createVaultServices({ children, database, afterRestore, log, nowMs: () => clock.nowMs() });
  const storedLedger = createLedgerClient({
    connect: () => vault.client.connect(),
    anchor: () => anchor.newest(),
    afterRestore: config.afterRestore,
    ...outside.forLedger,
    log,
    delay,
    onClockJump: (jump) => log.warn('The wall clock jumped; ledger time goes on without it', jump),
    onRestored: () => log.warn('The ledger was restored and goes on in a new log'),
    isFinal: isSealerFinal,
    ...(told.onLedgerLost === undefined ? {} : { onGivenUp: told.onLedgerLost }),
  });
  await storedLedger.ready();
  const { subjects } = vault.client;
  const personalData = await createPersonalDataServices({ ...common, ledger: storedLedger, subjects, database });
  const { ledger } = personalData;
  const outboxKey = await secretKey(ledger.secrets, secretNames.outbox);
  const outbox = createOutbox({
    database,
    ledger,
    key: outboxKey,
    random,
    nowMs: () => clock.nowMs(),
    marks: () => common.grantMarks?.current(),
  });
  await outbox.flushed();
  const recordAudit = async (event: AuditEvent): Promise<void> => {
    await database.transaction().execute((transaction) => outbox.record(transaction, event));
    await outbox.flushed();
  };
  const pruning = createPruning({ steps: ledger.pruning, clock, recordAudit });
  const outsideServices = outside.begin({ ledger, outbox });
  const sourceClasses = await createSourceClasses({
    database,
    outbox,
    clock,
    policies: () => destructions.policies(),
  });
  const { witnesses } = outsideServices;
  const destructionServices = createDestructionServices({
    ...common,
    vault,
    dataDirectory: config.dataDirectory,
    database,
    offSite: () => archiveServices.archive.offSite(),
    witnesses,
    ledger,
  });
  const { destructions } = destructionServices;
  const archiveServices = await createArchiveServices({
    ...common,
    dataDirectory: config.dataDirectory,
    ledger,
    witnesses,
    heldKeys: async () => (await destructions.holds()).flatMap(({ keyIds }) => keyIds),
    database,
    outbox,
  });

  // Before anything reads the ledger: what was destroyed before a restore stays destroyed.
  await destructions.replayKept();

  return {
    anchor,
    archiveServices,
    children,
    closeDatabase,
    database,
    destructionServices,
    destructions,
    ledger,
    outbox,
    outsideServices,
    personalData,
    pruning,
    recordAudit,
    sourceClasses,
    vault,
    witnesses,
  };
}
