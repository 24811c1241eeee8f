import { randomBytes } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { createDeviceDoorRoutes, createDeviceRoutes, createDevices } from '@sallyport/device-fleet';
import {
  createEventSearch,
  createEventSearchRoutes,
  createRemapRoutes,
  createStoreClient,
} from '@sallyport/event-search';
import { createApiKeys, createIdentityRoutes, createPeople } from '@sallyport/identity';
import type { Alerts } from '@sallyport/incident-response';
import { createColumnRotations } from '@sallyport/key-vault/server';
import { createLedgerRoutes, createProjectionRunner, createPruningRoutes, createSharedFeed } from '@sallyport/ledger';
import type { Gathering, Projection, ProjectionRunner } from '@sallyport/ledger';
import { dayKeysIn, heldRecordingTimes } from '@sallyport/retention';
import { systemClock } from '@sallyport/platform/clock';
import type { EncryptedColumnError } from '@sallyport/platform/encrypted-columns';
import { messageOf } from '@sallyport/platform/errors';
import type { Principal } from '@sallyport/platform/http';
import type { Log } from '@sallyport/platform/log';
import { createCoverageRoutes } from '@sallyport/threat-coverage';
import { createAccessServices } from './access-services.ts';
import { createAccessRiskServices } from './access-risk-services.ts';
import { createAlertServices } from './alert-services.ts';
import { createAnalysis } from './analysis.ts';
import { createCameraServices } from './cameras.ts';
import { createCertificateDoor } from './certificate-door.ts';
import { createConsoleServices } from './console-services.ts';
import { createCurrentScopes } from './current-scopes.ts';
import { createRangeEvidence } from './evidence.ts';
import type { ServerConfig } from './config.ts';
import { createDecisionLog } from './decision-log.ts';
import { createRecoveryKitRoutes } from './recovery-kit.ts';
import { createRetentionServices } from './retention.ts';
import { createDoors, localAddressOf } from './doors.ts';
import type { Decision } from './edge/index.ts';
import { createGrantMarks } from './grant-marks.ts';
import { createPrivilegeServices, temporaryRights } from './privilege-services.ts';
import { createFirstKeys } from './first-keys.ts';
import type { FirstKeys } from './first-keys.ts';
import { createCoverage } from './coverage.ts';
import { createHealth, createHealthRoutes } from './health.ts';
import { createAuthorityRoutes, createHttpsRoutes, stateOf, warningsOf } from './https/index.ts';
import { createHttpsServices } from './https-services.ts';
import { createIntakeServices } from './intake-services.ts';
import { createInventoryServices } from './inventory/index.ts';
import { createAgentServices } from './agent-services.ts';
import { createMachineServices } from './machine-services.ts';
import { createMetricsRoutes } from './metrics.ts';
import { createOwnHandshakes } from './own-handshakes.ts';
import { createProviderServices, laterLinks } from './provider-services.ts';
import { createPasswordServices } from './password-services.ts';
import { createPolicyServices, openPolicy } from './policy-services.ts';
import { startPeriodicWork } from './periodic-work.ts';
import { secretKey } from './secret-key.ts';
import { secretNames } from './secret-names.ts';
import { createColumnKeyrings } from './column-keys.ts';
import { createSensorServices } from './sensor-services.ts';
import type { OwnSensor } from './sensor-services.ts';
import { delay, every } from './timers.ts';
import { version } from './version.ts';
import { openCustody } from './custody.ts';
import { moduleProblems } from './module-tables.ts';

export type RunningServer = {
  /** Where people and programs reach it. */
  readonly address: string;
  readonly operatorSocket: string | undefined;
  readonly firstKeys: FirstKeys | undefined;
  /** Where the first administrator is created; undefined when there is one. */
  readonly setupLink: string | undefined;
  /** The file with the certificate clients must trust, when the server speaks TLS. */
  readonly authorityFile: string | undefined;
  readonly alerts: Alerts;
  /** Not started yet. */
  readonly hostSensor: OwnSensor;
  readonly rulesLoaded: number;
  stop(): Promise<void>;
};

/** Starts everything, from the vault up. What each module needs is handed over here and nowhere else. */
export async function startServer(
  config: ServerConfig,
  log: Log,
  told: {
    /** The sealer cannot be started again, and nothing can be recorded any more. */
    readonly onLedgerLost?: (error: unknown) => void;
  } = {},
): Promise<RunningServer> {
  const clock = systemClock;
  const random = randomBytes;
  const grantMarks = createGrantMarks();
  const common = { clock, random, every, log, ownHandshakes: createOwnHandshakes(), grantMarks };
  const custody = await openCustody(config, common, told);
  const { database, vault, ledger, outbox, recordAudit, personalData, pruning, children } = custody;
  const { outsideServices, witnesses, sourceClasses, destructionServices, destructions, archiveServices } = custody;
  const lasting = { ...common, ledger, database, outbox };

  const { policy, bundledPolicies } = await openPolicy();
  const columnKeyrings = createColumnKeyrings(ledger.secrets);
  const identityColumns = await columnKeyrings.open(secretNames.identityColumns);
  const apiKeys = createApiKeys({ ...common, database, outbox, columnKeys: identityColumns });
  const risks = () => alertServices.riskFacts;
  const riskOf = (principal: Principal) => risks().of(principal);
  const machineNeeds = { ...lasting, columnKeyrings, policy, riskOf, apiKeys, people: () => people };
  const machines = await createMachineServices(machineNeeds);
  const { risk: accessRisk, ...accessRiskServices } = await createAccessRiskServices({
    ...lasting,
    dataDirectory: config.dataDirectory,
    people: () => people,
    publicOrigin: () => https.publicOrigin(),
  });
  const passwords = createPasswordServices({ ...lasting, dataDirectory: config.dataDirectory });
  const peopleNeeds = {
    ...common,
    database,
    outbox,
    policy,
    key: await secretKey(ledger.secrets, secretNames.identity),
    columnKeys: identityColumns,
    passwordStrength: passwords.passwordStrength,
    apiKeys: machines.suspension,
    programs: machines.programs,
    outsideLinks: laterLinks(() => providerServices.links),
    riskOf: accessRisk.riskOf,
    certificateDoor: (hostName: string) => certificateDoor.originFor(hostName),
    answersTo: (hostName: string) => httpsServices.names().includes(hostName),
    ...temporaryRights(() => privilegeServices.privileges),
  };
  const people = createPeople(peopleNeeds);
  const onDamaged = ({ message, details }: EncryptedColumnError): void => log.error(message, details);
  await people.sealStored({ onDamaged });
  await apiKeys.sealStored({ onDamaged });
  const providerServices = await createProviderServices({ ...lasting, columnKeyrings, policy, people });
  const httpsServices = await createHttpsServices({
    ...lasting,
    secrets: ledger.secrets,
    dataDirectory: config.dataDirectory,
    startNames: config.names,
    renewCertificate: () => doors.renewCertificate(),
  });
  const { authority, authorityFile, https } = httpsServices;
  const certificateDoor = createCertificateDoor({ ...common, config, https, names: httpsServices.names });
  const { intake, listeners, mappings, ...intakeServices } = await createIntakeServices({
    ...lasting,
    https: httpsServices,
    retentionOf: (source) => sourceClasses.classOf(source),
    // While it is stuck, waiting for it would only lose what could be recorded.
    behind: () => (detecting.health().state === 'running' ? detection.health().lag : undefined),
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
  const search = createEventSearch({
    store: { client: store },
    memoryLimitBytes: config.storeMemoryBytes,
    database,
    ledger,
    outbox,
    clock,
    mappings,
    log: (message) => log.info(message),
  });
  const currentScopes = createCurrentScopes({
    people: people.people,
    apiKeys,
    services: machines.access.accounts,
    policy,
    ...temporaryRights(() => privilegeServices.privileges),
  });
  const keyed = { ...lasting, apiKeys, columnKeyrings, currentScopes, https, services: machines.access.accounts };
  const { sensors, hostSensor, ...sensorServices } = await createSensorServices({
    ...keyed,
    dataDirectory: config.dataDirectory,
    isWanted: config.sensor,
    authorityFile,
    authorityPem: () => https.authority()?.certificatePem,
  });
  const agents = await createAgentServices({ ...keyed, people, policy, search, sensors, risks });
  const analysis = await createAnalysis({
    ...lasting,
    search,
    dataDirectory: config.dataDirectory,
    stored: () => alerts.stored,
    scopesOf: (owner, heldForNow) => currentScopes.of(owner, heldForNow),
  });
  const { detection, exceptions, hunting, behaviour, ruleDocuments, rulePacks } = analysis;
  const alertServices = await createAlertServices({
    ...lasting,
    behaviour,
    accessRisk,
    people: people.people,
    assignees: () => currentScopes.holders('alerts:write'),
  });
  const { alerts } = alertServices;
  const privilegeServices = await createPrivilegeServices({
    ...lasting,
    policy,
    people,
    keys: machines.suspension,
    riskFacts: alertServices.riskFacts,
    behaviour,
    search,
  });
  const devices = await createDevices({
    ...common,
    database,
    outbox,
    sealingKey: await secretKey(ledger.secrets, secretNames.devices),
    columnKeys: await columnKeyrings.open(secretNames.fleetColumns),
  });
  const cameraServices = await createCameraServices({
    ...common,
    config,
    database,
    outbox,
    ledger,
    devices,
    children,
    columnKeyrings,
    heldTimes: () => heldRecordingTimes(destructions),
  });
  const { retention, ...retentionServices } = createRetentionServices({
    ...lasting,
    destructions,
    inventory: () => vault.client.list(),
    sources: sourceClasses,
    search,
    detection,
    behaviour,
    accessRisk,
    hunting,
    ruleDocuments,
    alerts,
    recording: cameraServices.recording,
    pruning,
  });
  const feed = createSharedFeed(ledger, 6 + analysis.projections.length);
  const follow = (projection: Projection, rest: Gathering = { forMs: 0, smallMs: 60 }): ProjectionRunner =>
    createProjectionRunner({ ledger: feed, projection, log, delay, gather: { clock, ...rest } });
  const detecting = follow(detection.projection);
  const projections = [
    // To the store each insert is a tenth of a second of processor time, whatever is in it.
    follow(search.projection, { forMs: 1000, smallMs: 250, mostBytes: search.rangeBytes }),
    detecting,
    // A finding is a commit for which all who are answered wait; what the others learn nobody looks for at once.
    follow(alerts.projection),
    ...[sensors.projection, behaviour.projection, accessRisk.projection, ...analysis.projections].map((projection) =>
      follow(projection, { forMs: 0, smallMs: 250 }),
    ),
  ];

  const consoleServices = await createConsoleServices({
    ...common,
    ledger,
    witnesses,
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
    approvals: agents.approvals,
  });
  const columnRotations = createColumnRotations({
    ...common,
    keyrings: columnKeyrings.opened,
    database,
    delay,
    onEnded: (name, rotation) => vault.columnsRotated(name, rotation),
  });
  const inventoryServices = createInventoryServices({
    columnKeyrings,
    ...common,
    database,
    outbox,
    vault: vault.client,
    people,
    sealedPasskeys: privilegeServices.passkeysHeld,
    apiKeys,
    devices,
    sensors,
    witnesses,
    https,
    listeners,
    firstAddress: () => (authority === undefined ? undefined : { address, names: config.names }),
  });
  const personalDataServices = personalData.begin({
    outbox,
    destructions,
    keepers: () => retentionServices.copies,
    dayKeys: async (days) =>
      dayKeysIn(await vault.client.list()).flatMap(({ id, day, isDestroyed }) =>
        isDestroyed || !days.has(day) ? [] : [id],
      ),
    every,
    deadline: (ms) => AbortSignal.timeout(ms),
    async caughtUp(position, signal) {
      await Promise.all(projections.map((one) => one.caughtUpTo(position, signal)));
    },
  });
  const policyServices = await createPolicyServices({
    ...lasting,
    policy,
    bundledPolicies,
    people,
    apiKeys,
    accounts: machines.access.accounts,
    search,
    sites: () => [...cameraServices.cameras.list(), ...devices.list()].map(({ site }) => site),
  });
  const decisionLog = createDecisionLog({ ledger, random, every, log });
  const health = createHealth({
    ledger,
    witnesses,
    intake,
    search,
    detection,
    rulePacks,
    behaviour,
    alerts,
    projections,
    children,
    version,
    signInProviders: providerServices.health,
    https() {
      const moment = https.moment();
      return { state: stateOf(moment), warnings: warningsOf(moment) };
    },
  });
  const edgeNeeds = {
    ...common,
    version,
    recordDecision: (decision: Decision) => decisionLog.record(decision),
    around: grantMarks.around,
    ...createAccessServices({
      policy,
      clock,
      devices,
      cameras: cameraServices.cameras,
      riskOf,
      timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    }),
    hostNames: config.names,
    publicOrigin: () => https.publicOrigin(),
    routes: [
      createHealthRoutes(health),
      policyServices.routes(riskOf),
      createMetricsRoutes({ health, intake }),
      createHttpsRoutes(https),
      createAuthorityRoutes(() => https.authority()),
      createIdentityRoutes({ ...people, apiKeys }, peopleNeeds),
      machines.access.routes,
      agents.routes,
      ...providerServices.routes,
      passwords.routes,
      ...intakeServices.routes,
      sensorServices.routes,
      createDeviceRoutes(devices),
      createDeviceDoorRoutes(devices),
      ...cameraServices.routes,
      sensorServices.installRoutes,
      createEventSearchRoutes(search, { clock, recordAudit }),
      createRangeEvidence({ openings: personalData.openings, clock, recordAudit, ledger, search, intake }),
      createRemapRoutes(search.history),
      createCoverageRoutes(createCoverage({ detection, alerts, clock })),
      ...analysis.routes,
      accessRiskServices.routes,
      ...privilegeServices.routes,
      ...alertServices.routes({ search, devices, detection, exceptions }),
      ...consoleServices.routes,
      vault.routes(outbox, columnRotations),
      ...destructionServices.routes(people),
      createRecoveryKitRoutes({
        config,
        vault,
        ledger,
        archivePlace: () => archiveServices.archive.offSite()?.facts.place,
        recordAudit,
        database,
        clock,
        random,
      }),
      retentionServices.routes,
      ...personalDataServices.routes,
      inventoryServices.routes,
      createLedgerRoutes(ledger, (number) => witnesses.quorum(number)),
      createPruningRoutes(ledger, pruning),
      ...outsideServices.routes,
      archiveServices.routes,
    ],
    problems: [...moduleProblems, consoleServices.problems],
  };
  const doors = await createDoors({
    edgeNeeds,
    config,
    apiKeys,
    devices,
    agents: agents.sessions,
    machineTokens: machines.access.tokens,
    sessions: people.sessions,
    https,
    authority,
    log,
  });
  const { address, operatorSocket } = await doors.listen();
  await https.start((door) => doors.openDoor(door));
  await certificateDoor.start((door) => doors.openDoor(door));
  await listeners.start();
  // Last, so that a start that fails does not make keys nobody is shown.
  const firstKeys = await createFirstKeys(apiKeys);
  const setupLink = await people.setup.link(localAddressOf(address, config.host));

  columnRotations.resume();
  inventoryServices.start();
  destructionServices.start();
  retention.start();
  const work = startPeriodicWork({
    ...common,
    anchor: custody.anchor,
    vault: vault.client,
    ledger,
    witnesses: outsideServices,
    apiKeys,
    outbox,
    https,
    intake,
    listeners,
    renewCertificate: () => doors.renewCertificate(),
    people,
  });

  return {
    address,
    operatorSocket,
    firstKeys,
    setupLink,
    authorityFile,
    alerts,
    hostSensor,
    rulesLoaded: detection.health().rulesLoaded,
    async stop() {
      // While its goodbye can still be heard.
      await hostSensor.stop();
      await agents.endQuestions();
      work.stop();
      await inventoryServices.close();
      await columnRotations.close();
      await consoleServices.close();
      await certificateDoor.close();
      await https.close();
      await doors.close();
      await passwords.close();
      privilegeServices.close();
      await cameraServices.close();
      await policyServices.close();
      await personalDataServices.close();
      destructionServices.stop();
      await retention.stop();
      await decisionLog
        .close()
        .catch((error: unknown) => log.error('Cannot record the last reads', { reason: messageOf(error) }));
      await hunting.close();
      await exceptions.close();
      await ruleDocuments.close();
      await rulePacks.close();
      await listeners.close();
      await intake.close();
      // Closing detection first makes it give up a long range, which its runner would otherwise finish.
      await detection.close();
      await alertServices.close();
      sensors.close();
      providerServices.close();
      await devices.close();
      await Promise.all(projections.map((projection) => projection.stop()));
      await behaviour.close();
      await accessRisk.close();
      await apiKeys.recordUse();
      await agents.close();
      await machines.close();
      await outsideServices.close();
      await archiveServices.close();
      await work.rememberAnchor();
      store.close();
      await ledger.close();
      await custody.closeDatabase();
    },
  };
}
