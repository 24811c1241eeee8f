import { createSecureContext, type SecureContext } from 'node:tls';
import {
  checkCertificate,
  openHttpChallenge,
  orderCertificate,
  type CertificateChain,
  type HttpChallenge,
  type OrderStep,
  type SealedSecrets,
} from '@sallyport/certificate-authority';
import type { Clock } from '@sallyport/platform/clock';
import { CodedError, codeOf, messageOf } from '@sallyport/platform/errors';
import { openAcmeAccount } from './acme-account.ts';
import type { AcmeChoice, HttpsSettings } from './https-settings.ts';

const minuteMs = 60_000;
/** Let's Encrypt takes five failed checks an hour for a name; after the last, this often. */
const pausesMs = [1, 5, 30, 120, 720].map((minutes) => minutes * minuteMs);
const dailyMs = 24 * 60 * minuteMs;
const orderTimeoutMs = 5 * minuteMs;

export type OrderProblem = {
  readonly code: string;
  readonly message: string;
  readonly hint: string | undefined;
  readonly atMs: number;
};

export type OrderState = {
  /** `stopped`: the first order failed too often; somebody must look at it and try again. */
  readonly phase: 'idle' | 'running' | 'waiting' | 'stopped';
  readonly step: OrderStep | undefined;
  readonly failures: number;
  readonly problem: OrderProblem | undefined;
  readonly nextAtMs: number | undefined;
};

export type AcmeOrders = {
  /** Sees to it from now on that there is a certificate. `chain` is the present one. */
  watch(settings: HttpsSettings, choice: AcmeChoice, chain: CertificateChain | undefined): void;
  /** Leaves off; an order under way is given up. Resolves when it has let go of its port. */
  stop(): Promise<void>;
  /** Starts what is due. Called every minute or so. */
  tick(): void;
  /** Now, whatever failed before. */
  tryNow(): void;
  state(): OrderState;
  /** When the present certificate is to be renewed. */
  renewAtMs(): number | undefined;
  /** For the TLS listener: what a challenge of this name is answered with. */
  challenge(hostName: string): SecureContext | undefined;
  /** Resolves when no order is under way; for tests and for stopping. */
  settled(): Promise<void>;
};

/** Two thirds into the life of a certificate. */
function renewalTime({ certificate }: Pick<CertificateChain, 'certificate'>): number {
  const from = certificate.validFromDate.getTime();
  return from + ((certificate.validToDate.getTime() - from) * 2) / 3;
}

/** One order at a time, tried again with growing pauses. Holds no certificate: `obtained` is told of each, checked. */
export function createAcmeOrders(needs: {
  readonly secrets: SealedSecrets;
  readonly clock: Clock;
  /** A throw counts as a failed order. */
  readonly obtained: (chain: CertificateChain) => Promise<void>;
  readonly failed: (problem: OrderProblem) => Promise<void>;
}): AcmeOrders {
  const { clock, secrets } = needs;
  type Watched = { settings: HttpsSettings; choice: AcmeChoice; chain: CertificateChain | undefined };
  const idle: OrderState = { phase: 'idle', step: undefined, failures: 0, problem: undefined, nextAtMs: undefined };
  const shown = new Map<string, SecureContext>();
  let watched: Watched | undefined;
  let state = idle;
  let running: Promise<void> = Promise.resolve();
  let giveUp = new AbortController();

  async function order({ settings, choice }: Watched, signal: AbortSignal): Promise<CertificateChain> {
    const account = await openAcmeAccount(secrets, choice.directoryUrl);
    let http: HttpChallenge | undefined;
    if (choice.challenge === 'http-01')
      http = await openHttpChallenge({ host: settings.host, port: choice.challengePort });
    try {
      const made = await orderCertificate({
        directoryUrl: choice.directoryUrl,
        directoryCaPem: choice.directoryCaPem,
        accountKey: account.accountKey,
        externalAccount: account.externalAccount,
        email: choice.email,
        names: settings.names,
        challenge: choice.challenge,
        signal,
        responder: {
          offerHttp: (name, token, answer) => http?.offer(name, token, answer),
          offerTls: (name, tls) => void shown.set(name, createSecureContext({ ...tls, minVersion: 'TLSv1.3' })),
        },
        onStep(step) {
          state = { ...state, step };
        },
      });
      // Whatever it sent: only what works here is shown to anybody.
      return checkCertificate(made, { names: settings.names, nowMs: clock.nowMs() });
    } finally {
      shown.clear();
      await http?.close();
    }
  }

  async function run(what: Watched, stop: AbortSignal): Promise<void> {
    try {
      const chain = await order(what, AbortSignal.any([stop, AbortSignal.timeout(orderTimeoutMs)]));
      if (stop.aborted) return;
      await needs.obtained(chain);
      what.chain = chain;
      state = idle;
    } catch (error) {
      if (stop.aborted) return;
      const failures = state.failures + 1;
      const problem = problemOf(error, clock.nowMs());
      const pauseMs = pausesMs[failures - 1];
      const isOver = pauseMs === undefined && what.chain === undefined;
      state = {
        phase: isOver ? 'stopped' : 'waiting',
        step: state.step,
        failures,
        problem,
        nextAtMs: isOver ? undefined : clock.nowMs() + (pauseMs ?? dailyMs),
      };
      await needs.failed(problem);
    }
  }

  function start(): void {
    if (watched === undefined || state.phase === 'running') return;
    state = { ...state, phase: 'running', step: undefined, nextAtMs: undefined };
    running = run(watched, giveUp.signal);
  }

  const orders: AcmeOrders = {
    watch(settings, choice, chain) {
      watched = { settings, choice, chain };
      giveUp = new AbortController();
      state = idle;
      orders.tick();
    },
    async stop() {
      watched = undefined;
      giveUp.abort();
      await running;
      state = idle;
    },
    tick() {
      if (watched === undefined || state.phase === 'running' || state.phase === 'stopped') return;
      const dueAtMs = state.nextAtMs ?? orders.renewAtMs() ?? 0;
      if (clock.nowMs() >= dueAtMs) start();
    },
    tryNow() {
      if (state.phase === 'running') return;
      state = { ...state, failures: 0 };
      start();
    },
    state: () => state,
    renewAtMs: () => (watched?.chain === undefined ? undefined : renewalTime(watched.chain)),
    challenge: (hostName) => shown.get(hostName),
    settled: () => running,
  };
  return orders;
}

function problemOf(error: unknown, atMs: number): OrderProblem {
  return {
    code: codeOf(error) ?? 'internal',
    message: error instanceof CodedError ? error.message : `Cannot finish the order: ${messageOf(error).slice(0, 200)}`,
    hint: error instanceof CodedError ? error.hint : undefined,
    atMs,
  };
}
