import { ocsfClass } from '@sallyport/contracts';
import { auditEvent } from '@sallyport/ledger';
import { messageOf } from '@sallyport/platform/errors';
import { createTurns } from '@sallyport/platform/turns';
import type { PeopleNeeds } from '../needs.ts';
import { maskedAddress } from './code-message.ts';
import type { CodeSenders } from './code-senders.ts';
import type { CodeStore } from './code-store.ts';

type Message = {
  readonly userId: string;
  readonly subject: string;
  /** Told the name of the organisation. */
  readonly text: (organization: string) => string;
};
/** `no-mail`: nobody set up how mail leaves, or it is off. */
type Reach = 'ready' | 'no-mail' | 'no-address';
type Delivery =
  | { readonly kind: 'sent'; /** In part, to know it by. */ readonly to: string }
  | { readonly kind: Exclude<Reach, 'ready'> };

/** Messages to people about what concerns them, by e-mail, where it is set up and they confirmed an address. They hold no code and nothing secret. */
export type Notices = {
  /**
   * Puts it into the post and comes back at once; the same `key` is sent once while this process lives. Nobody waits for
   * it. At most three an hour for one person and a hundred for all, so that whoever can cause them floods nobody.
   */
  post(
    notice: Message & {
      readonly key: string;
      /** It did not go out: why, for the log. */
      readonly onTrouble: (reason: string) => void;
    },
  ): void;
  /**
   * Sends one and says what became of it, within 20 seconds. How many come, whether it is tried again and what the trail says of it is up to
   * whoever calls. Rejects with `code_not_sent` where the other side did not take it.
   */
  deliver(notice: Message & { readonly signal?: AbortSignal }): Promise<Delivery>;
  /** Whether something could be sent to them now. */
  reach(userId: string): Promise<Reach>;
  /** When everything that was posted has been sent or given up. */
  settled(): Promise<void>;
};

const hourMs = 3_600_000;
const perPerson = 3;
const perHour = 100;
const maxWaiting = 20;
const maxKeys = 1000;
const sendWithinMs = 20_000;

export function createNotices(
  needs: Pick<PeopleNeeds, 'database' | 'outbox' | 'clock'> & {
    readonly codeStore: CodeStore;
    readonly senders: Pick<CodeSenders, 'open'>;
    readonly organization: { read(): Promise<string | undefined> };
  },
): Notices {
  const { database, outbox, clock, codeStore, senders, organization } = needs;
  const inTurn = createTurns();
  const keys = new Set<string>();
  let sent: { readonly userId: string; readonly atMs: number }[] = [];
  let waiting = 0;
  let last: Promise<void> = Promise.resolve();

  function hasRoom(userId: string): boolean {
    const nowMs = clock.monotonicMs();
    sent = sent.filter(({ atMs }) => nowMs - atMs < hourMs);
    if (sent.length >= perHour || sent.filter((one) => one.userId === userId).length >= perPerson) return false;
    sent.push({ userId, atMs: nowMs });
    return true;
  }

  async function wayTo(userId: string) {
    const sender = await senders.open('email');
    if (sender === undefined) return { kind: 'no-mail' } as const;
    const address = (await codeStore.addressesOf(database, userId)).find(
      ({ kind, isVerified }) => kind === 'email' && isVerified,
    );
    return address === undefined
      ? ({ kind: 'no-address' } as const)
      : ({ kind: 'ready', sender, to: address.address } as const);
  }

  async function sendBy(
    { sender, to }: Extract<Awaited<ReturnType<typeof wayTo>>, { kind: 'ready' }>,
    { subject, text }: Omit<Message, 'userId'>,
    signal: AbortSignal,
  ): Promise<string> {
    await sender.send({ to, subject, text: text((await organization.read()) ?? 'Sallyport') }, signal);
    return maskedAddress('email', to);
  }

  async function send({ userId, ...message }: Message): Promise<void> {
    const way = await wayTo(userId);
    if (way.kind !== 'ready' || !hasRoom(userId)) return;
    const to = await sendBy(way, message, AbortSignal.timeout(sendWithinMs));
    const event = auditEvent({
      nowMs: clock.nowMs(),
      actor: { kind: 'system', id: 'server', name: 'server' },
      action: 'user.notice',
      classUid: ocsfClass.entityManagement,
      activityId: 99,
      outcome: 'success',
      target: { type: 'user', id: userId },
      details: { subject: message.subject, by: 'email', to },
    });
    await database.transaction().execute((transaction) => outbox.record(transaction, event));
  }

  return {
    post(notice) {
      if (keys.has(notice.key) || waiting >= maxWaiting) return;
      keys.add(notice.key);
      for (const oldest of keys) {
        if (keys.size <= maxKeys) break;
        keys.delete(oldest);
      }
      waiting += 1;
      last = inTurn(() => send(notice))
        .catch((error: unknown) => notice.onTrouble(messageOf(error)))
        .finally(() => {
          waiting -= 1;
        });
    },

    async deliver({ userId, signal, ...message }) {
      const way = await wayTo(userId);
      if (way.kind !== 'ready') return way;
      const within = AbortSignal.timeout(sendWithinMs);
      const to = await sendBy(way, message, signal === undefined ? within : AbortSignal.any([signal, within]));
      return { kind: 'sent', to };
    },

    reach: async (userId) => (await wayTo(userId)).kind,
    settled: () => last,
  };
}
