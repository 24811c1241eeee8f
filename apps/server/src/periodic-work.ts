import type { ApiKeys, PeopleServices } from '@sallyport/identity';
import type { VaultClient } from '@sallyport/key-vault/server';
import type { AnchorStore, Ledger, Outbox, Witnesses } from '@sallyport/ledger';
import { watchEveryMs } from '@sallyport/event-intake';
import type { EventIntake, SyslogListeners } from '@sallyport/event-intake';
import { messageOf } from '@sallyport/platform/errors';
import type { Log } from '@sallyport/platform/log';
import type { Https } from './https/index.ts';

type PeriodicNeeds = {
  readonly every: (intervalMs: number, task: () => void) => () => void;
  readonly log: Log;
  readonly anchor: Pick<AnchorStore, 'remember'>;
  readonly vault: Pick<VaultClient, 'remember'>;
  readonly ledger: Pick<Ledger, 'checkpoint' | 'head'>;
  readonly witnesses: Pick<Witnesses, 'tick'>;
  readonly apiKeys: Pick<ApiKeys, 'recordUse'>;
  readonly outbox: Pick<Outbox, 'flushed'>;
  readonly https: Pick<Https, 'tick'>;
  readonly intake: Pick<EventIntake, 'watch'>;
  readonly listeners: Pick<SyslogListeners, 'renewTls'>;
  readonly renewCertificate: () => Promise<void>;
  readonly people: Pick<PeopleServices, 'certificateWarnings'>;
};

const anchorEveryMs = 2000;
const witnessLookEveryMs = 1000;
const outboxEveryMs = 5000;
const keyUseEveryMs = 60_000;
const httpsLookEveryMs = 60_000;
const renewalLookEveryMs = 3_600_000;
const endingLookEveryMs = 3_600_000;

/** What the server does again and again beside answering. Each is tried anew at its next turn when it fails. */
export function startPeriodicWork(needs: PeriodicNeeds): { rememberAnchor(): Promise<void>; stop(): void } {
  const { every, log, anchor, ledger, apiKeys, outbox, https, intake, listeners } = needs;

  async function attempt(work: () => Promise<void>, failed: string): Promise<void> {
    try {
      await work();
    } catch (error) {
      log.warn(failed, { message: messageOf(error) });
    }
  }

  const rememberAnchor = (): Promise<void> =>
    attempt(
      async () => anchor.remember(await ledger.checkpoint(ledger.head().log)),
      'The newest checkpoint was not remembered',
    );
  const watchSources = (): Promise<void> => attempt(() => intake.watch(), 'Nobody looked after the sources');
  const lookForEndings = (): Promise<void> =>
    attempt(async () => {
      await needs.people.certificateWarnings.look((reason) =>
        log.warn('Somebody was not written to about their certificate', { reason }),
      );
    }, 'Nobody was told of certificates that end');
  // At once too: from here on it is known when this server was not there to hear them.
  void watchSources();
  void lookForEndings();
  const timers = [
    every(watchEveryMs, () => void watchSources()),
    every(anchorEveryMs, () => void rememberAnchor()),
    every(anchorEveryMs, () => void attempt(() => needs.vault.remember(), 'How far the vault is was not remembered')),
    every(witnessLookEveryMs, () => void needs.witnesses.tick()),
    // What a ledger that was away left waiting is not left until the next change.
    every(outboxEveryMs, () => void attempt(() => outbox.flushed(), 'Audit events wait for the ledger')),
    every(keyUseEveryMs, () => void attempt(() => apiKeys.recordUse(), 'Key use was not recorded')),
    every(httpsLookEveryMs, () => void https.tick()),
    every(endingLookEveryMs, () => void lookForEndings()),
    every(renewalLookEveryMs, () => void needs.renewCertificate()),
    every(
      renewalLookEveryMs,
      () => void attempt(() => listeners.renewTls(), 'The certificate for syslog was not renewed'),
    ),
  ];
  return {
    rememberAnchor,
    stop() {
      for (const stopTimer of timers) stopTimer();
    },
  };
}
