import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { allActions, createAccessPolicy, readPolicyTexts } from '@sallyport/access-policy';
import { certificateProblems, createCertificateAuthority } from '@sallyport/certificate-authority';
import { loadBundledMappings, policiesDirectory, rulesDirectory } from '@sallyport/content';
import { createDetection, createDetectionRoutes, detectionMigrations, detectionProblems } from '@sallyport/detection';
import {
  createEventIntake,
  createEventIntakeRoutes,
  createListenerRoutes,
  createSyslogListeners,
  eventIntakeMigrations,
  eventIntakeProblems,
} from '@sallyport/event-intake';
import {
  createEventSearch,
  createEventSearchRoutes,
  createStoreClient,
  eventSearchMigrations,
  eventSearchProblems,
} from '@sallyport/event-search';
import {
  createApiKeys,
  createIdentityRoutes,
  createPasswordStrength,
  createPeople,
  identityMigrations,
  identityProblems,
} from '@sallyport/identity';
import {
  alertMigrations,
  alertProblems,
  createAlertRoutes,
  createAlerts,
  createSuppressionRoutes,
} from '@sallyport/incident-response';
import {
  createAnchorStore,
  createLedgerClient,
  createLedgerRoutes,
  createOutbox,
  createProjectionRunner,
  createSharedFeed,
  ledgerMigrations,
  ledgerProblems,
} from '@sallyport/ledger';
import { systemClock } from '@sallyport/platform/clock';
import { migrate, openDatabase } from '@sallyport/platform/database';
import { messageOf } from '@sallyport/platform/errors';
import { writeFileDurably } from '@sallyport/platform/files';
import type { Principal } from '@sallyport/platform/http';
import type { Log } from '@sallyport/platform/log';
import { createChildren } from './children.ts';
import { consoleDirectory, createConsoleFiles } from './console-files.ts';
import { createConsoleServices } from './console-services.ts';
import type { ServerConfig } from './config.ts';
import { prepareDataDirectory } from './writable-directory.ts';
import { createDecisionLog } from './decision-log.ts';
import { createEdge } from './edge/index.ts';
import type { Decision, DecisionContext, Edge } from './edge/index.ts';
import { createFirstKeys } from './first-keys.ts';
import type { FirstKeys } from './first-keys.ts';
import { createHealth, createHealthRoutes } from './health.ts';
import {
  createAuthorityRoutes,
  createHttps,
  createHttpsRoutes,
  httpsMigrations,
  httpsProblems,
  stateOf,
  warningsOf,
} from './https/index.ts';
import { secretNames } from './secret-names.ts';
import { delay, every } from './timers.ts';
import { version } from './version.ts';

export type RunningServer = {
  /** Where people and programs reach it. */
  readonly address: string;
  readonly operatorSocket: string | undefined;
  readonly firstKeys: FirstKeys | undefined;
  /** Where the first administrator is created; undefined when there is one. */
  readonly setupLink: string | undefined;
  /** The file with the certificate clients must trust, when the server speaks TLS. */
  readonly authorityFile: string | undefined;
  readonly alerts: ReturnType<typeof createAlerts>;
  readonly rulesLoaded: number;
  stop(): Promise<void>;
};

const anchorEveryMs = 2000;
const keyUseEveryMs = 60_000;
const outboxEveryMs = 5000;
const renewalLookEveryMs = 3_600_000;
const httpsLookEveryMs = 60_000;

/** Starts everything, from the vault up. What each module needs is handed over here and nowhere else. */
export async function startServer(config: ServerConfig, log: Log): Promise<RunningServer> {
  const clock = systemClock;
  const random = randomBytes;
  const common = { clock, random, every, log };
  prepareDataDirectory(config.dataDirectory);
  const children = createChildren(config);

  const { database, close: closeDatabase } = await openDatabase(config.database);
  await migrate(database, [
    ledgerMigrations,
    identityMigrations,
    eventIntakeMigrations,
    eventSearchMigrations,
    detectionMigrations,
    alertMigrations,
    httpsMigrations,
  ]);
  const anchor = createAnchorStore(database);
  const ledger = createLedgerClient({
    connect: children.startSealer,
    anchor: () => anchor.newest(),
    afterRestore: config.afterRestore,
    log,
    delay,
    onClockJump: (jump) => log.warn('The wall clock jumped; ledger time goes on without it', jump),
    onRestored: () => log.warn('The ledger was restored and goes on in a new log'),
  });
  await ledger.ready();
  const outboxKey = await secretKey(ledger.secrets, secretNames.outbox);
  const outbox = createOutbox({ database, ledger, key: outboxKey, random, nowMs: () => clock.nowMs() });
  await outbox.flushed();

  const policy = createAccessPolicy(await readPolicyTexts(policiesDirectory));
  const apiKeys = createApiKeys({ ...common, database, outbox });
  const peopleNeeds = {
    ...common,
    database,
    outbox,
    policy,
    key: await secretKey(ledger.secrets, secretNames.identity),
    passwordStrength: createPasswordStrength(),
    apiKeys,
  };
  const people = createPeople(peopleNeeds);
  await people.sealStored();
  const authority =
    config.names.length === 0
      ? undefined
      : await createCertificateAuthority(
          { ...common, secrets: ledger.secrets, database, outbox },
          { names: config.names },
        );
  const authorityFile = join(config.dataDirectory, 'authority.pem');
  if (authority !== undefined) writeFileDurably(authorityFile, Buffer.from(authority.certificatePem));
  const https = await createHttps({
    ...common,
    secrets: ledger.secrets,
    database,
    outbox,
    authority,
    startNames: config.names,
    deadline: (ms) => AbortSignal.timeout(ms),
    onAuthority(made) {
      try {
        writeFileDurably(authorityFile, Buffer.from(made.certificatePem));
      } catch (error) {
        log.error('The authority was not written', { file: authorityFile, message: messageOf(error) });
      }
      // The first listener's certificate comes from it too, from now on.
      setImmediate(() => void renewCertificate());
    },
  });
  const mappings = await loadBundledMappings({
    listFiles: (directory) => readdir(directory, { recursive: true }),
    readText: (path) => readFile(path, 'utf8'),
  });
  const intake = createEventIntake({ ...common, ledger, database, outbox, mappings });
  const listeners = createSyslogListeners({
    ...common,
    intake,
    database,
    outbox,
    async tls() {
      const names = [...(https.moment().settings?.names ?? []), ...config.names, 'localhost'];
      return (await https.authority()?.serverCertificate([...new Set(names)]))?.tlsOptions();
    },
  });
  const store = createStoreClient({
    connect: children.startStore,
    key: () => secretKey(ledger.secrets, secretNames.storeDisk),
    directory: join(config.dataDirectory, 'store'),
    memoryLimitBytes: config.storeMemoryBytes,
    threads: Math.max(1, availableParallelism() - 1),
    clock,
    deadline: (ms) => AbortSignal.timeout(ms),
  });
  const search = createEventSearch({ store: { client: store }, database, ledger, log: (message) => log.info(message) });
  const detection = await createDetection({
    ...common,
    ledger,
    database,
    outbox,
    correlationKey: await secretKey(ledger.secrets, secretNames.correlations),
    ruleDirectories: [
      { name: 'bundled', path: rulesDirectory },
      { name: 'own', path: join(config.dataDirectory, 'rules') },
    ],
  });
  const alerts = createAlerts({
    ...common,
    ledger,
    database,
    outbox,
    sealingKey: await secretKey(ledger.secrets, secretNames.suppressions),
    assignees: async () =>
      (await people.people.list()).flatMap(({ id, name, roles, state }) =>
        state === 'active' &&
        policy.permissionsOf({ kind: 'user', id, name, scopes: [], roles, assurance: 2 }).includes('alerts:write')
          ? [{ id, name }]
          : [],
      ),
  });
  const followers = [search.projection, detection.projection, alerts.projection];
  const feed = createSharedFeed(ledger, followers.length);
  const projections = followers.map((projection) => createProjectionRunner({ ledger: feed, projection, log, delay }));

  const consoleServices = await createConsoleServices({
    ...common,
    ledger,
    search,
    alerts,
    intake,
    database,
    outbox,
    projections,
    children,
    delay,
    createKey: (request) => apiKeys.createKey(request),
    organization: () => people.organization.read(),
  });
  const decisionLog = createDecisionLog({ ledger, random, every, log });
  const health = createHealth({
    ledger,
    search,
    detection,
    alerts,
    projections,
    children,
    version,
    https() {
      const moment = https.moment();
      return { state: stateOf(moment), warnings: warningsOf(moment) };
    },
  });
  // Until it listens, which may be on a port of the system's choice.
  let localAddress = `http://localhost:${config.port}`;
  const edgeNeeds = {
    ...common,
    version,
    recordDecision: (decision: Decision) => decisionLog.record(decision),
    decide: async (principal: Principal, action: string, context: DecisionContext) =>
      policy.decide({ principal, action, context }),
    hostNames: config.names,
    publicOrigin: () => https.publicOrigin(),
    routes: [
      createHealthRoutes(health),
      createHttpsRoutes(https),
      createAuthorityRoutes(() => https.authority()),
      createIdentityRoutes({ ...people, apiKeys }, peopleNeeds),
      createEventIntakeRoutes(intake),
      createListenerRoutes(listeners),
      createEventSearchRoutes(search, {
        clock,
        async recordAudit(event) {
          await database.transaction().execute((transaction) => outbox.record(transaction, event));
          await outbox.flushed();
        },
      }),
      createDetectionRoutes(detection),
      createAlertRoutes(alerts),
      createSuppressionRoutes(alerts.suppressions, { clock }),
      ...consoleServices.routes,
      createLedgerRoutes(ledger),
    ],
    problems: [
      ledgerProblems,
      identityProblems,
      eventIntakeProblems,
      eventSearchProblems,
      detectionProblems,
      alertProblems,
      consoleServices.problems,
      certificateProblems,
      httpsProblems,
    ],
  };
  // The first administrator is created under this name, with or without others.
  const certificateNames = [...new Set([...config.names, 'localhost'])];
  const tls = (await authority?.serverCertificate(certificateNames))?.tlsOptions();
  const edge = await createEdge({
    ...edgeNeeds,
    routes: [...edgeNeeds.routes, createConsoleFiles(consoleDirectory)],
    caller: {
      kind: 'network',
      authenticate: (token) => apiKeys.authenticate(token),
      authenticateSession: (token, use) => people.sessions.authenticate(token, use),
      recheck: ({ id, sessionId }) =>
        sessionId === undefined ? apiKeys.recheck(id) : people.sessions.recheck(sessionId),
    },
    ...(tls === undefined ? {} : { tls }),
  });
  const operatorEdge = await createEdge({
    ...edgeNeeds,
    // Its own host name says nothing of how anybody else gets here.
    publicOrigin: () => https.publicOrigin() ?? localAddress,
    caller: {
      kind: 'operator',
      principal: { kind: 'operator', id: 'local', name: 'local operator', scopes: allActions },
    },
  });
  const operatorSocket = await listenForOperator(operatorEdge, join(config.dataDirectory, 'run', 'operator.sock'), log);
  const address = await edge.listen({ host: config.host, port: config.port });
  localAddress = addressForLinks(address, config);
  await https.start((door) => edge.openDoor(door));
  await listeners.start();
  // Last, so that a start that fails does not make keys nobody is shown.
  const firstKeys = await createFirstKeys(apiKeys);
  const setupLink = await people.setup.link(localAddressOf(address, config.host));

  const stopTimers = [
    every(anchorEveryMs, () => void rememberAnchor()),
    every(
      keyUseEveryMs,
      () =>
        void apiKeys
          .recordUse()
          .catch((error: unknown) => log.warn('Key use was not recorded', { message: String(error) })),
    ),
    every(renewalLookEveryMs, () => void renewCertificate()),
    every(
      renewalLookEveryMs,
      () =>
        void listeners
          .renewTls()
          .catch((error: unknown) =>
            log.error('The certificate for syslog was not renewed', { reason: messageOf(error) }),
          ),
    ),
    every(httpsLookEveryMs, () => void https.tick()),
    every(outboxEveryMs, () => void flushOutbox()),
  ];
  /** What a ledger that was away left waiting is not left until the next change. */
  async function flushOutbox(): Promise<void> {
    try {
      await outbox.flushed();
    } catch (error) {
      log.warn('Audit events wait for the ledger', { message: error instanceof Error ? error.message : 'unknown' });
    }
  }
  async function rememberAnchor(): Promise<void> {
    try {
      await anchor.remember(await ledger.checkpoint(ledger.head().log));
    } catch (error) {
      log.warn('The newest checkpoint was not remembered', {
        message: error instanceof Error ? error.message : 'unknown',
      });
    }
  }
  async function renewCertificate(): Promise<void> {
    const current = https.authority();
    if (tls === undefined || current === undefined) return;
    try {
      edge.setTls((await current.serverCertificate(certificateNames)).tlsOptions());
    } catch (error) {
      log.error('The certificate was not renewed', { message: error instanceof Error ? error.message : 'unknown' });
    }
  }

  return {
    address,
    operatorSocket,
    firstKeys,
    setupLink,
    authorityFile: authority === undefined ? undefined : authorityFile,
    alerts,
    rulesLoaded: detection.health().rulesLoaded,
    async stop() {
      for (const stopTimer of stopTimers) stopTimer();
      await consoleServices.close();
      await https.close();
      await Promise.all([edge.close(), operatorEdge.close()]);
      await decisionLog
        .close()
        .catch((error: unknown) => log.error('Cannot record the last reads', { reason: messageOf(error) }));
      await listeners.close();
      await intake.close();
      // Closing detection first makes it give up a long range, which its runner would otherwise finish.
      await detection.close();
      alerts.close();
      await Promise.all(projections.map((projection) => projection.stop()));
      await apiKeys.recordUse();
      await rememberAnchor();
      store.close();
      await ledger.close();
      await closeDatabase();
    },
  };
}

/** A 32-byte key of the vault's, made on the first run. */
async function secretKey(
  secrets: {
    open(name: string): Promise<Uint8Array | undefined>;
    seal(name: string, bytes: Uint8Array): Promise<void>;
  },
  name: string,
): Promise<Uint8Array> {
  const known = await secrets.open(name);
  if (known !== undefined) return known;
  const made = randomBytes(32);
  await secrets.seal(name, made);
  return made;
}

/** Without the socket the server still serves; the operator then needs a key. */
async function listenForOperator(edge: Edge, socketFile: string, log: Log): Promise<string | undefined> {
  try {
    await edge.listen({ socketFile });
    return socketFile;
  } catch (error) {
    log.warn('No operator socket', { message: error instanceof Error ? error.message : 'unknown' });
    return undefined;
  }
}

/** Where links lead while there is no listener for others: the first name it was started with, or this machine. */
function addressForLinks(address: string, { names: [name], host }: ServerConfig): string {
  const url = new URL(address);
  if (name === undefined) return localAddressOf(address, host);
  url.hostname = name.includes(':') ? `[${name}]` : name;
  return url.origin;
}

/** As a browser on this machine should open it: passkeys are made for names, so not for 127.0.0.1. */
function localAddressOf(address: string, host: string): string {
  const url = new URL(address);
  if (['127.0.0.1', '::1', '0.0.0.0', '::'].includes(host)) url.hostname = 'localhost';
  return url.origin;
}
