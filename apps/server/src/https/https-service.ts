import {
  isFor,
  openCertificateAuthority,
  openChain,
  readAcmeDirectory,
  sealChain,
  type AcmeDirectory,
  type CertificateAuthority,
  type CertificateAuthorityNeeds,
  type CertificateChain,
} from '@sallyport/certificate-authority';
import type { JsonObject } from '@sallyport/contracts';
import type { Actor } from '@sallyport/ledger';
import { CodedError, codeOf, messageOf } from '@sallyport/platform/errors';
import { errorFields, type Log } from '@sallyport/platform/log';
import type { Door, DoorOptions } from '../edge/index.ts';
import { secretNames } from '../secret-names.ts';
import { createAcmeOrders, type AcmeOrders, type OrderProblem } from './acme-orders.ts';
import { openAcmeChain, planChange, showOf, showOfAuthority, type HttpsRequest, type Shown } from './https-change.ts';
import { HttpsError } from './https-errors.ts';
import type { HttpsSettings } from './https-settings.ts';
import { publicOriginOf, type HttpsMoment } from './https-status.ts';
import { createHttpsStore } from './https-store.ts';
import { testNames, type NameTest } from './self-test.ts';

export type HttpsNeeds = CertificateAuthorityNeeds & {
  readonly log: Log;
  /** The one there is already, if somebody has opened it. */
  readonly authority: CertificateAuthority | undefined;
  /** Told of an authority that was made. Must not throw. */
  readonly onAuthority: (authority: CertificateAuthority) => void;
  /** Names given at the start, of the first listener. */
  readonly startNames: readonly string[];
  /** Ends what asks somebody on the network. */
  readonly deadline: (ms: number) => AbortSignal;
};

/**
 * The listener for others: opened, changed and closed while the server runs. Every change is checked whole and leaves
 * the old state when it fails; a bad start leaves HTTPS off, never the server.
 */
export type Https = {
  /** Opens what was chosen before. Never rejects: what failed stands in `moment().problem`. */
  start(openDoor: (options: DoorOptions) => Promise<Door>): Promise<void>;
  moment(): HttpsMoment;
  /** Undefined turns it off. Throws coded errors of the edge, of certificates and `HttpsError`. */
  change(request: HttpsRequest | undefined, by: Actor): Promise<HttpsMoment>;
  /** Orders again at once after failures. Throws `https_not_on`. */
  tryAgain(): HttpsMoment;
  readDirectory(url: string, directoryCaPem: string | undefined): Promise<AcmeDirectory>;
  /** Whether the names lead here, as seen from this machine. Throws `https_not_on`. */
  test(): Promise<NameTest[]>;
  authority(): CertificateAuthority | undefined;
  publicOrigin(): string | undefined;
  /** Renews what is due and opens what failed. Called every minute. */
  tick(): Promise<void>;
  settled(): Promise<void>;
  close(): Promise<void>;
};

const system: Actor = { kind: 'system', id: 'https', name: 'HTTPS for others' };
const directoryTimeoutMs = 15_000;

export async function createHttps(needs: HttpsNeeds): Promise<Https> {
  const { clock, log, secrets } = needs;
  const store = createHttpsStore(needs);
  let { authority } = needs;
  let settings: HttpsSettings | undefined;
  let shown: Shown | undefined;
  let door: Door | undefined;
  let problem: OrderProblem | undefined;
  let openDoor: ((options: DoorOptions) => Promise<Door>) | undefined;
  let isBusy = false;
  const changeNeeds = {
    ...needs,
    isOrdering: () => orders.state().phase === 'running',
    authority: {
      get: () => authority,
      set(made: CertificateAuthority) {
        if (made.fingerprint !== authority?.fingerprint) needs.onAuthority(made);
        authority = made;
      },
    },
  };

  const orders: AcmeOrders = createAcmeOrders({
    secrets,
    clock,
    async obtained(chain) {
      await sealChain(secrets, secretNames.acmeCertificate, chain);
      await store.record({
        action: 'certificate.obtain',
        by: system,
        outcome: 'success',
        details: { names: [...(settings?.names ?? [])], ...factsFor(chain) },
      });
      show(showOf(chain));
      log.info('A certificate was obtained', { ...factsFor(chain) });
    },
    async failed({ code, message }) {
      log.warn('No certificate was obtained', { code, reason: message });
      const details = { code, message, names: [...(settings?.names ?? [])] };
      await store
        .record({ action: 'certificate.obtain', by: system, outcome: 'failure', details })
        .catch((error: unknown) => log.error('A failed order was not recorded', errorFields(error)));
    },
  });

  const show = (next: Shown): void => {
    shown = next;
    door?.setTls(next.tls);
  };

  const open = (wanted: HttpsSettings): Promise<Door> => {
    if (openDoor === undefined) throw new TypeError('Cannot open a listener: the server has not started');
    const { host, port, names } = wanted;
    return openDoor({ host, port, hostNames: names, tls: undefined, challenge: (name) => orders.challenge(name) });
  };

  /** The new door, with the old one still open, unless both want the same port. `back` puts it as it was. */
  const move = async (wanted: HttpsSettings): Promise<{ door: Door; back: () => Promise<void>; leave: () => void }> => {
    const [old, oldSettings, oldShown] = [door, settings, shown];
    const isSame = old !== undefined && oldSettings?.host === wanted.host && oldSettings.port === wanted.port;
    if (isSame) return { door: old, back: async () => undefined, leave: () => undefined };
    const isInTheWay = old !== undefined && oldSettings?.port === wanted.port;
    const closeOld = (): void =>
      void old?.close().catch((error: unknown) => log.error('Cannot close', errorFields(error)));
    const reopen = async (): Promise<void> => {
      if (!isInTheWay || oldSettings === undefined) return;
      // When it cannot be had back now, the next tick tries again, and meanwhile nobody is told that it is open.
      door = undefined;
      door = await open(oldSettings);
      if (oldShown !== undefined) door.setTls(oldShown.tls);
    };
    if (isInTheWay) closeOld();
    try {
      const opened = await open(wanted);
      const back = async (): Promise<void> => {
        await opened.close(0);
        await reopen();
      };
      return { door: opened, back, leave: () => (isInTheWay ? undefined : closeOld()) };
    } catch (error) {
      await reopen();
      throw error;
    }
  };

  const turnOn = async (request: HttpsRequest, by: Actor): Promise<void> => {
    const plan = await planChange(changeNeeds, request);
    const { names, certificate } = plan.settings;
    const moved = await move(plan.settings);
    let made: Shown | undefined;
    try {
      made = await plan.make();
      const details: JsonObject = {
        ...plainSettings(plan.settings),
        ...(made === undefined ? {} : factsFor(made.chain)),
      };
      await store.write(plan.settings, { action: 'https.open', by, outcome: 'success', details });
    } catch (error) {
      try {
        await plan.undo();
      } finally {
        await moved.back();
      }
      throw error;
    }
    // First of all: what an order of before brings now must not be shown in place of what is chosen.
    await orders.stop();
    moved.leave();
    // Until ACME has given one, what was shown before is better than nothing, where it holds.
    const leaf = shown?.chain.certificate;
    const kept = leaf !== undefined && names.every((name) => isFor(leaf, name)) ? shown : undefined;
    settings = plan.settings;
    door = moved.door;
    problem = undefined;
    shown = undefined;
    door.setHostNames(names);
    const next = made ?? kept;
    if (next !== undefined) show(next);
    if (certificate.kind === 'acme') orders.watch(plan.settings, certificate, await openAcmeChain(needs, names));
    await forgetUnused(certificate.kind);
  };

  /** Keys of a way no longer used rest nowhere. */
  const forgetUnused = async (kind: HttpsSettings['certificate']['kind'] | undefined): Promise<void> => {
    const unused = [
      ...(kind === 'own' ? [] : [secretNames.ownCertificate]),
      ...(kind === 'acme' ? [] : [secretNames.acmeCertificate]),
    ];
    try {
      for (const name of unused)
        if (((await secrets.open(name))?.length ?? 0) > 0) await secrets.seal(name, new Uint8Array());
    } catch (error) {
      // The change itself is done; the next one tries again.
      log.warn('A key no longer used was not forgotten', errorFields(error));
    }
  };

  const turnOff = async (by: Actor): Promise<void> => {
    if (settings === undefined) return;
    await store.write(undefined, { action: 'https.close', by, outcome: 'success', details: plainSettings(settings) });
    await orders.stop();
    void door?.close().catch((error: unknown) => log.error('Cannot close', errorFields(error)));
    [settings, shown, door, problem] = [undefined, undefined, undefined, undefined];
    await forgetUnused(undefined);
  };

  /** The certificate of the settings as they stand in the database. */
  const openShown = async (wanted: HttpsSettings): Promise<Shown | undefined> => {
    if (wanted.certificate.kind === 'authority') return showOfAuthority(changeNeeds, wanted.names);
    const isOwn = wanted.certificate.kind === 'own';
    const chain = isOwn
      ? await openChain(secrets, secretNames.ownCertificate)
      : await openAcmeChain(needs, wanted.names);
    return chain === undefined ? undefined : showOf(chain);
  };

  const resume = async (): Promise<void> => {
    if (settings === undefined || door !== undefined) return;
    try {
      const next = await openShown(settings);
      door = await open(settings);
      problem = undefined;
      if (next !== undefined) show(next);
      if (settings.certificate.kind === 'acme')
        orders.watch(settings, settings.certificate, await openAcmeChain(needs, settings.names));
    } catch (error) {
      problem = problemOf(error, clock.nowMs());
      log.error('HTTPS for others is not open', { code: problem.code, reason: problem.message });
    }
  };

  const alone = async <Result>(task: () => Promise<Result>): Promise<Result> => {
    if (isBusy) throw new HttpsError('https_change_under_way', 'Cannot change HTTPS: another change must end first');
    isBusy = true;
    try {
      return await task();
    } finally {
      isBusy = false;
    }
  };

  const moment = (): HttpsMoment => ({
    settings,
    isListening: door !== undefined,
    shown,
    problem,
    order: orders.state(),
    renewAtMs: orders.renewAtMs() ?? shown?.renewAtMs,
    authority,
    startNames: needs.startNames,
    nowMs: clock.nowMs(),
  });

  const acmeChoice = () => (settings?.certificate.kind === 'acme' ? settings.certificate : undefined);

  return {
    async start(opener) {
      openDoor = opener;
      try {
        // First: an authority that cannot be read keeps no listener closed that does without.
        settings = await store.read();
        authority ??= await openCertificateAuthority(needs);
      } catch (error) {
        problem = problemOf(error, clock.nowMs());
        log.error('HTTPS for others is not open', { code: problem.code, reason: problem.message });
      }
      await resume();
    },
    moment,
    change: (request, by) =>
      alone(async () => {
        await (request === undefined ? turnOff(by) : turnOn(request, by));
        return moment();
      }),
    tryAgain() {
      if (acmeChoice() === undefined) throw notOn('there must be a certificate to order');
      orders.tryNow();
      return moment();
    },
    readDirectory(url, directoryCaPem) {
      // The client of an order under way has one network for the whole process.
      if (orders.state().phase === 'running')
        throw new HttpsError('https_change_under_way', 'Cannot ask now: an order is under way and must end first');
      return readAcmeDirectory(url, { directoryCaPem, signal: needs.deadline(directoryTimeoutMs) });
    },
    async test() {
      if (settings === undefined || door === undefined) throw notOn('HTTPS must be open');
      const fingerprint = shown?.chain.certificate.fingerprint256;
      return testNames(settings, { fingerprint, authorityPem: authority?.certificatePem });
    },
    authority: () => authority,
    publicOrigin: () => publicOriginOf(moment()),
    async tick() {
      if (isBusy) return;
      await alone(async () => {
        await resume();
        orders.tick();
        const isDue = settings?.certificate.kind === 'authority' && (shown?.renewAtMs ?? 0) <= clock.nowMs();
        if (isDue && settings !== undefined && door !== undefined)
          show(await showOfAuthority(changeNeeds, settings.names));
      }).catch((error: unknown) => log.error('The certificate was not renewed', errorFields(error)));
    },
    settled: () => orders.settled(),
    async close() {
      await orders.stop();
    },
  };
}

function notOn(wanted: string): HttpsError {
  return new HttpsError('https_not_on', `Cannot do this: ${wanted}`);
}

function factsFor({ certificate }: Pick<CertificateChain, 'certificate'>): JsonObject {
  return { fingerprint_sha256: certificate.fingerprint256, not_after: certificate.validToDate.getTime() };
}

/** For the ledger: what was chosen, without what is secret. */
function plainSettings({ names, host, port, publicPort, certificate }: HttpsSettings): JsonObject {
  return {
    names: [...names],
    host,
    port,
    ...(publicPort === undefined ? {} : { public_port: publicPort }),
    certificate: certificate.kind,
    ...(certificate.kind === 'acme'
      ? { directory_url: certificate.directoryUrl, challenge: certificate.challenge, terms_agreed: true }
      : {}),
  };
}

function problemOf(error: unknown, atMs: number): OrderProblem {
  const hint = error instanceof CodedError ? error.hint : undefined;
  return { code: codeOf(error) ?? 'internal', message: messageOf(error), hint, atMs };
}
