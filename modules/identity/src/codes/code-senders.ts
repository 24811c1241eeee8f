import { ocsfClass } from '@sallyport/contracts';
import { auditEvent } from '@sallyport/ledger';
import type { Principal } from '@sallyport/platform/http';
import { IdentityError } from '../errors.ts';
import type { PeopleNeeds } from '../needs.ts';
import { isAddress, type CodeKind, type CodeSender } from './code-message.ts';
import type { CodeStore } from './code-store.ts';
import { createEmailSender, createSmsSender, type EmailSettings, type SmsSettings } from './senders.ts';

export type SenderSettings =
  | { readonly kind: 'email'; readonly enabled: boolean; readonly settings: EmailSettings }
  | { readonly kind: 'sms'; readonly enabled: boolean; readonly settings: SmsSettings };

/** How codes leave. Off until somebody sets them up; passwords and tokens are sealed and never shown again. */
export type CodeSenders = {
  read(kind: CodeKind): Promise<SenderSettings | undefined>;
  /** A password or token that is left out stays what it was, unless the server it goes to changes. Throws `code_settings_invalid`. */
  change(request: { readonly to: SenderSettings; readonly by: Principal }): Promise<void>;
  /** Undefined when it is off. */
  open(kind: CodeKind): Promise<CodeSender | undefined>;
  /** Also when it is off. Throws `code_unavailable`, `code_address_invalid`, `code_not_sent`. */
  test(request: {
    readonly kind: CodeKind;
    readonly to: string;
    readonly organization: string | undefined;
  }): Promise<void>;
};

const updateActivity = 3;
const testWithinMs = 20_000;

export function createCodeSenders(
  needs: Pick<PeopleNeeds, 'database' | 'outbox' | 'clock'> & { readonly codeStore: CodeStore },
): CodeSenders {
  const { database, outbox, clock, codeStore } = needs;

  const read = async (kind: CodeKind): Promise<SenderSettings | undefined> => {
    const stored = await codeStore.sender(database, kind);
    return stored === undefined ? undefined : parseStored(kind, stored.enabled, stored.settings);
  };

  return {
    read,

    async change({ to, by }) {
      const kept = withSecrets(to, await read(to.kind));
      createSender(kept);
      await database.transaction().execute(async (transaction) => {
        await codeStore.setSender(transaction, kept.kind, {
          enabled: kept.enabled,
          settings: JSON.stringify(kept.settings),
        });
        await outbox.record(
          transaction,
          auditEvent({
            nowMs: clock.nowMs(),
            actor: { kind: by.kind, id: by.id, name: by.name },
            action: 'settings.change',
            classUid: ocsfClass.entityManagement,
            activityId: updateActivity,
            outcome: 'success',
            target: { type: 'setting', id: `codes-by-${kept.kind}` },
            details: {
              enabled: kept.enabled,
              through:
                kept.kind === 'email' ? `${kept.settings.host}:${kept.settings.port}` : new URL(kept.settings.url).host,
            },
          }),
        );
      });
      await outbox.flushed();
    },

    async open(kind) {
      const settings = await read(kind);
      return settings?.enabled === true ? createSender(settings) : undefined;
    },

    async test({ kind, to, organization }) {
      const settings = await read(kind);
      if (settings === undefined)
        throw new IdentityError('code_unavailable', `Cannot send a test: codes by ${kind} are not set up`);
      if (!isAddress(kind, to))
        throw new IdentityError('code_address_invalid', 'Cannot send a test there: must be one address or number');
      const text = `This is a test of ${organization ?? 'Sallyport'}. Codes to sign in will come like this.`;
      await createSender(settings).send({ to, subject: 'Test', text }, AbortSignal.timeout(testWithinMs));
    },
  };
}

function createSender(sender: SenderSettings): CodeSender {
  return sender.kind === 'email' ? createEmailSender(sender.settings) : createSmsSender(sender.settings);
}

/** A secret goes to the server it was given for and to no other. */
function withSecrets(to: SenderSettings, before: SenderSettings | undefined): SenderSettings {
  if (to.kind === 'email') {
    const { settings } = to;
    if (settings.password !== undefined || settings.user === undefined || before?.kind !== 'email') return to;
    const { host, user, password } = before.settings;
    if (host !== settings.host || user !== settings.user || password === undefined) return to;
    return { ...to, settings: { ...settings, password } };
  }
  const { settings } = to;
  if (settings.token !== undefined || before?.kind !== 'sms' || before.settings.token === undefined) return to;
  if (!URL.canParse(settings.url) || new URL(settings.url).host !== new URL(before.settings.url).host) return to;
  return { ...to, settings: { ...settings, token: before.settings.token } };
}

function parseStored(kind: CodeKind, enabled: boolean, text: string): SenderSettings {
  const value: unknown = JSON.parse(text);
  if (typeof value !== 'object' || value === null) throw new TypeError('Cannot read how codes are sent');
  const textOf = (name: string): string | undefined => {
    const found: unknown = Object.getOwnPropertyDescriptor(value, name)?.value;
    return typeof found === 'string' ? found : undefined;
  };
  const optional = <Name extends string>(name: Name): Partial<Record<Name, string>> => {
    const found = textOf(name);
    const part: Partial<Record<Name, string>> = {};
    if (found !== undefined) part[name] = found;
    return part;
  };
  if (kind === 'sms') return { kind, enabled, settings: { url: textOf('url') ?? '', ...optional('token') } };
  const port: unknown = 'port' in value ? value.port : undefined;
  const tls = textOf('tls');
  return {
    kind,
    enabled,
    settings: {
      host: textOf('host') ?? '',
      port: typeof port === 'number' ? port : 587,
      tls: tls === 'implicit' || tls === 'none' ? tls : 'starttls',
      from: textOf('from') ?? '',
      ...optional('user'),
      ...optional('password'),
      ...optional('authority'),
    },
  };
}
