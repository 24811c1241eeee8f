import type { TlsOptions } from 'node:tls';
import { ocsfClass } from '@sallyport/contracts';
import type { JsonObject } from '@sallyport/contracts';
import { auditEvent } from '@sallyport/ledger';
import type { Actor, Outbox } from '@sallyport/ledger';
import type { Clock } from '@sallyport/platform/clock';
import type { Database, Transaction } from '@sallyport/platform/database';
import { codeOf, messageOf } from '@sallyport/platform/errors';
import type { Log } from '@sallyport/platform/log';
import { EventIntakeError } from '../errors.ts';
import type { EventIntake } from '../event-intake.ts';
import { openDatagramListener } from './datagram-listener.ts';
import { allowedBy, fromDocument, listenersOff, toDocument, transports } from './listener-settings.ts';
import type { ListenerSettings, Transport } from './listener-settings.ts';
import { createMessageRate } from './message-rate.ts';
import { createRefusals } from './refusals.ts';
import type { RefusalReason } from './refusals.ts';
import { openStreamListener } from './stream-listener.ts';
import type { OpenListener, OwnHandshakes } from './stream-listener.ts';
import { createSyslogSink } from './syslog-sink.ts';
import type { ListenerCounts } from './syslog-sink.ts';

export type ListenerNeeds = {
  readonly intake: Pick<EventIntake, 'acceptEvents'>;
  readonly database: Database;
  readonly outbox: Outbox;
  readonly clock: Clock;
  readonly log: Log;
  /** What the TLS listener shows; undefined when the server has no certificate. */
  readonly tls: () => Promise<TlsOptions | undefined>;
  /** Runs a task again and again until the function it returns is called. */
  readonly every: (intervalMs: number, task: () => void) => () => void;
  /** How long a change or a stop waits until what was received is delivered; five seconds when left out. */
  readonly closeGraceMs?: number;
  readonly ownHandshakes?: OwnHandshakes;
};

export type ListenerStatus = ListenerCounts & { readonly port: number | undefined; readonly connections: number };

export type ListenersMoment = {
  readonly settings: ListenerSettings;
  readonly status: Readonly<Record<Transport, ListenerStatus>>;
  /** Since the server started. */
  readonly refusedBy: Readonly<Record<RefusalReason, number>>;
  /** Why what was chosen is not open. */
  readonly problem: string | undefined;
};

/**
 * Syslog over TCP, TLS and UDP, opened and closed while the server runs; off until somebody turns it on. A change that cannot
 * be carried out leaves what was there before.
 */
export type SyslogListeners = {
  /** Opens what was chosen before. Never rejects: what failed stands in `moment().problem`. */
  start(): Promise<void>;
  moment(): ListenersMoment;
  /** Throws `listener_settings_invalid`, `listener_cannot_open`, `listener_certificate_missing`, `listener_change_under_way`. */
  change(settings: ListenerSettings, by: Actor): Promise<ListenersMoment>;
  /** Shows the certificate as it is now. */
  renewTls(): Promise<void>;
  /** Delivers what was received, as far as the ledger takes it. */
  close(): Promise<void>;
};

type Tables = { intake_listeners: { name: string; document: string } };
const rowName = 'syslog';
const updateActivity = 3;
const otherActivity = 99;
const defaultCloseGraceMs = 5000;
const tellRefusalsEveryMs = 60_000;
/** By what the system said. */
const hints: Readonly<Record<string, string>> = {
  EACCES: 'ports under 1024 take a right of their own; 5514 and 6514 do not',
  EADDRINUSE: 'another program has this port: choose another, or see who has it with ss -tulpn',
  EADDRNOTAVAIL: 'the address to listen on must be one of this machine',
};
const itself: Actor = { kind: 'system', id: 'syslog', name: 'Syslog listeners' };

export function createSyslogListeners(needs: ListenerNeeds): SyslogListeners {
  const { clock, log, closeGraceMs = defaultCloseGraceMs } = needs;
  const database = needs.database.withTables<Tables>();
  /** Closed, and still delivering what they had received. */
  const leaving = new Set<Promise<void>>();
  const stopped = new AbortController();
  const sink = createSyslogSink({ intake: needs.intake, log, signal: stopped.signal });
  const counts: Record<Transport, ListenerCounts> = { tcp: zero(), tls: zero(), udp: zero() };
  const refusals = createRefusals({ clock, record: (details) => audit('listeners.refuse', itself, details) });
  const stopTelling = needs.every(tellRefusalsEveryMs, () => void tellRefusals());
  let settings = listenersOff;
  let open: Partial<Record<Transport, OpenListener>> = {};
  let problem: string | undefined;
  let isBusy = false;

  async function openAll(wanted: ListenerSettings): Promise<Partial<Record<Transport, OpenListener>>> {
    const isAllowed = allowedBy(wanted.allowedNetworks);
    const rate = createMessageRate({ clock, perSecond: wanted.messagesPerSecond });
    const opened: Partial<Record<Transport, OpenListener>> = {};
    try {
      for (const transport of transports) {
        const port = wanted.ports[transport];
        if (port === undefined) continue;
        const { host, zoneMinutes } = wanted;
        const { ownHandshakes } = needs;
        const counted = { counts: counts[transport], refusals, ownHandshakes };
        const given = { host, port, zoneMinutes, isAllowed, sink, clock, rate, ...counted };
        opened[transport] =
          transport === 'udp'
            ? await openDatagramListener(given)
            : await openStreamListener(given, transport === 'tls' ? await tlsOptions(wanted) : undefined);
      }
      return opened;
    } catch (error) {
      await closeAll(opened);
      if (error instanceof EventIntakeError) throw error;
      throw new EventIntakeError('listener_cannot_open', `Cannot listen for syslog: ${messageOf(error)}`, {
        cause: error,
        details: { reason: codeOf(error) ?? 'unknown' },
        hint: hints[codeOf(error) ?? ''] ?? 'another port, or another address to listen on',
      });
    }
  }

  async function tlsOptions({ clientCaPem }: ListenerSettings): Promise<TlsOptions> {
    const shown = await needs.tls();
    if (shown === undefined) {
      throw new EventIntakeError(
        'listener_certificate_missing',
        'Cannot listen with TLS: the server must have a certificate authority',
        { hint: 'open HTTPS for others with the certificate of the own authority first' },
      );
    }
    return clientCaPem === undefined ? shown : { ...shown, ca: clientCaPem, requestCert: true };
  }

  /** Nobody gets in any more. What a ledger that is behind or a limit holds up is delivered later, and holds up nobody else. */
  async function closeAll(listeners: Partial<Record<Transport, OpenListener>>): Promise<void> {
    const closed = (async (): Promise<void> => {
      await Promise.all(Object.values(listeners).map((listener) => listener.close()));
    })();
    leaving.add(closed);
    const forget = (): boolean => leaving.delete(closed);
    closed.then(forget, forget);
    const { promise: isEnough, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, closeGraceMs);
    await Promise.race([closed, isEnough]);
    clearTimeout(timer);
  }

  async function keep(wanted: ListenerSettings, by: Actor): Promise<void> {
    const details = {
      host: wanted.host,
      ports: { ...wanted.ports },
      allowed_networks: [...wanted.allowedNetworks],
      client_certificates: wanted.clientCaPem !== undefined,
      messages_per_second: wanted.messagesPerSecond,
    };
    await audit('listeners.change', by, details, async (transaction) => {
      const tables = transaction.withTables<Tables>();
      await tables.deleteFrom('intake_listeners').where('name', '=', rowName).execute();
      await tables
        .insertInto('intake_listeners')
        .values({ name: rowName, document: toDocument(wanted) })
        .execute();
    });
  }

  async function audit(
    action: 'listeners.change' | 'listeners.refuse',
    by: Actor,
    details: JsonObject,
    change?: (transaction: Transaction) => Promise<void>,
  ): Promise<void> {
    await needs.database.transaction().execute(async (transaction) => {
      await change?.(transaction);
      const event = auditEvent({
        nowMs: clock.nowMs(),
        actor: { kind: by.kind, id: by.id, name: by.name },
        action,
        classUid: ocsfClass.entityManagement,
        activityId: action === 'listeners.change' ? updateActivity : otherActivity,
        outcome: action === 'listeners.change' ? 'success' : 'failure',
        target: { type: 'setting', id: 'listeners', name: 'Syslog listeners' },
        details,
      });
      await needs.outbox.record(transaction, event);
    });
    await needs.outbox.flushed();
  }

  async function tellRefusals(): Promise<void> {
    try {
      await refusals.record();
    } catch (error) {
      log.warn('Refused senders of syslog are not recorded yet', { reason: messageOf(error) });
    }
  }

  const moment = (): ListenersMoment => {
    const statusOf = (transport: Transport): ListenerStatus => ({
      ...counts[transport],
      port: open[transport]?.port,
      connections: open[transport]?.connections() ?? 0,
    });
    return {
      settings,
      problem,
      refusedBy: refusals.counts(),
      status: { tcp: statusOf('tcp'), tls: statusOf('tls'), udp: statusOf('udp') },
    };
  };

  return {
    async start() {
      try {
        const row = await database
          .selectFrom('intake_listeners')
          .select('document')
          .where('name', '=', rowName)
          .executeTakeFirst();
        if (row === undefined) return;
        settings = fromDocument(row.document);
        open = await openAll(settings);
      } catch (error) {
        problem = messageOf(error);
        log.error('The syslog listeners are not open', { reason: problem });
      }
    },
    moment,
    async change(wanted, by) {
      if (isBusy)
        throw new EventIntakeError('listener_change_under_way', 'Cannot change now: another change must end first');
      allowedBy(wanted.allowedNetworks);
      if (Object.keys(wanted.ports).length > 0 && wanted.allowedNetworks.length === 0) {
        throw new EventIntakeError('listener_settings_invalid', 'Cannot listen to nobody: a network must be allowed');
      }
      isBusy = true;
      const before = settings;
      try {
        await closeAll(open);
        open = {};
        try {
          open = await openAll(wanted);
          await keep(wanted, by);
        } catch (error) {
          await closeAll(open);
          open = await openAll(before).catch((reason: unknown) => {
            problem = messageOf(reason);
            return {};
          });
          throw error;
        }
        settings = wanted;
        problem = undefined;
        return moment();
      } finally {
        isBusy = false;
      }
    },
    async renewTls() {
      if (open.tls?.setTls !== undefined) open.tls.setTls(await tlsOptions(settings));
    },
    async close() {
      await closeAll(open);
      stopped.abort();
      await Promise.all(leaving);
      stopTelling();
      await tellRefusals();
    },
  };
}

function zero(): ListenerCounts {
  return { accepted: 0, dropped: 0, overRate: 0, refused: 0 };
}
