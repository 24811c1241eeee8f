import type { Actor } from '@sallyport/ledger';
import type { Transaction } from '@sallyport/platform/database';
import type { Client, Principal } from '@sallyport/platform/http';
import { tokenEvent } from '../audit-record.ts';
import { MachineAccessError } from '../errors.ts';
import { defaultLimits, type MachineAccessNeeds } from '../needs.ts';
import { publicClientId } from '../oauth/client-authentication.ts';
import { OAuthError } from '../oauth/oauth-error.ts';
import { hashOf, newId, newSecretText } from '../random-text.ts';
import type { Binding } from '../tokens/binding.ts';
import type { TokenStore } from '../tokens/token-store.ts';
import { createGuesses } from './guesses.ts';
import { makeRoom, networkOf } from './code-shares.ts';
import type { DeviceCode, Login, LoginFilter, LoginStore } from './login-store.ts';
import { newUserCode, readUserCode } from './user-code.ts';

export type Asked = {
  readonly clientId: string;
  /** What it asked to be for; all the person may do when undefined. */
  readonly scopes?: readonly string[];
  readonly address: string;
  readonly agent: string;
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
};

/** Sign-in of a program that has no browser (RFC 8628): it shows a code, and a person says yes in the console. */
export type DeviceLogins = {
  /** Throws `OAuthError` `temporarily_unavailable` when too many are under way from one network, or everywhere. */
  begin(request: {
    readonly scopes: readonly string[] | undefined;
    readonly binding: Binding | undefined;
    readonly client: Client;
  }): Promise<{
    readonly deviceCode: string;
    readonly userCode: string;
    readonly expiresInSeconds: number;
    readonly intervalSeconds: number;
  }>;
  /** What the program with this code asks for. Throws `user_code_unknown`, `user_code_throttled`. */
  look(request: { readonly userCode: string; readonly by: Principal; readonly client: Client }): Promise<Asked>;
  /** For the person who asks, with what they proved, and for no more than `scopes`. Throws as `look`. */
  decide(request: {
    readonly userCode: string;
    readonly approve: boolean;
    readonly scopes?: readonly string[];
    readonly by: Principal;
    readonly client: Client;
  }): Promise<void>;
  /**
   * The program asks whether somebody said yes. Throws `OAuthError` until they did; then gives the sign-in, once. The same code
   * again ends the sign-in it gave: one of the two who have it took it from the other.
   */
  redeem(request: { readonly deviceCode: string; readonly binding: Binding; readonly client: Client }): Promise<Login>;
  list(userId?: string): Promise<readonly Login[]>;
  /** Throws `token_login_not_found`, also for somebody else's unless `anybodys`. */
  end(request: { readonly id: string; readonly by: Principal; readonly anybodys: boolean }): Promise<void>;
  /**
   * In the transaction that ends sessions, too, of a person or by a provider's word; whoever was let in and has not come for its
   * tokens yet gets none. How many there were.
   */
  endWhere(transaction: Transaction, which: LoginFilter, by: Principal | Actor): Promise<number>;
};

const codeLifetimeMs = 10 * 60_000;
const firstIntervalSeconds = 5;
const slowerBySeconds = 5;
const mostIntervalSeconds = 60;
/** As a browser's session at most: whoever comes back tomorrow says yes again. */
const loginLifetimeMs = 12 * 3_600_000;
const maxAgentLength = 100;

export function createDeviceLogins(
  needs: Pick<MachineAccessNeeds, 'database' | 'outbox' | 'clock' | 'random' | 'limits' | 'person'> & {
    readonly loginStore: LoginStore;
    readonly tokenStore: TokenStore;
  },
): DeviceLogins {
  const { database, outbox, clock, random, loginStore, tokenStore } = needs;
  const limits = { ...defaultLimits, ...needs.limits };
  const guesses = createGuesses(clock);

  const find = async (where: Transaction | typeof database, userCode: string): Promise<DeviceCode | undefined> => {
    const read = readUserCode(userCode);
    const code =
      read === undefined ? undefined : await loginStore.findCode(where, { userCodeHash: hashOf('user code', read) });
    return code !== undefined && code.state === 'pending' && code.expiresAtMs > clock.nowMs() ? code : undefined;
  };
  const unknown = (): MachineAccessError =>
    new MachineAccessError(
      'user_code_unknown',
      'Cannot find this code: must be one that is shown now, and not yet answered',
    );
  const namesOf = (by: Principal, client: Client): readonly string[] => [
    `person ${by.id}`,
    `address ${client.address}`,
  ];

  const removeLogin = async (transaction: Transaction, login: Login): Promise<void> => {
    await tokenStore.removeOfLogin(transaction, login.id);
    await loginStore.remove(transaction, login.id);
  };

  /** Why a code gives nothing now, if so; and from when on it may be asked for again. */
  const standing = async (transaction: Transaction, code: DeviceCode): Promise<OAuthError | undefined> => {
    const nowMs = clock.nowMs();
    const tooSoon = code.polledAtMs !== undefined && nowMs - code.polledAtMs < code.intervalSeconds * 1000 - 500;
    const intervalSeconds = tooSoon
      ? Math.min(mostIntervalSeconds, code.intervalSeconds + slowerBySeconds)
      : code.intervalSeconds;
    await loginStore.setPolled(transaction, code.hash, { atMs: nowMs, intervalSeconds });
    if (code.expiresAtMs <= nowMs) return new OAuthError('expired_token', 'Nobody said yes in time: begin again');
    if (code.state === 'denied') return new OAuthError('access_denied', 'The person said no');
    if (tooSoon) return new OAuthError('slow_down', `Asked too soon: must wait ${intervalSeconds} s`);
    return code.state === 'pending' ? new OAuthError('authorization_pending', 'Nobody has said yes yet') : undefined;
  };

  return {
    async begin({ scopes, binding, client }) {
      const nowMs = clock.nowMs();
      const deviceCode = newSecretText('', random);
      const userCode = newUserCode(random);
      await database.transaction().execute(async (transaction) => {
        await loginStore.removeExpired(transaction, nowMs);
        const source = networkOf(client.address);
        await makeRoom(transaction, loginStore, source, limits);
        await loginStore.insertCode(transaction, {
          hash: hashOf('device code', deviceCode),
          userCodeHash: hashOf('user code', userCode),
          state: 'pending',
          clientId: publicClientId,
          client: { address: client.address, agent: client.agent.slice(0, maxAgentLength) },
          source,
          createdAtMs: nowMs,
          expiresAtMs: nowMs + codeLifetimeMs,
          intervalSeconds: firstIntervalSeconds,
          ...(scopes === undefined ? {} : { scopes }),
          ...(binding === undefined ? {} : { binding }),
        });
      });
      return { deviceCode, userCode, expiresInSeconds: codeLifetimeMs / 1000, intervalSeconds: firstIntervalSeconds };
    },

    async look({ userCode, by, client }) {
      guesses.begin(namesOf(by, client));
      const code = await find(database, userCode);
      if (code === undefined) {
        guesses.wrong(namesOf(by, client));
        throw unknown();
      }
      const { clientId, scopes, createdAtMs, expiresAtMs } = code;
      return { clientId, createdAtMs, expiresAtMs, ...code.client, ...(scopes === undefined ? {} : { scopes }) };
    },

    async decide({ userCode, approve, scopes, by, client }) {
      guesses.begin(namesOf(by, client));
      if (by.kind !== 'user' || by.tokenId !== undefined)
        throw new TypeError('Cannot let a program in: must be a person in a browser');
      const isDone = await database.transaction().execute(async (transaction) => {
        const code = await find(transaction, userCode);
        if (code === undefined) return false;
        const wanted = (scopes ?? code.scopes)?.filter((scope) => code.scopes?.includes(scope) !== false);
        const changed = await loginStore.setState(transaction, code.hash, {
          from: 'pending',
          to: approve ? 'approved' : 'denied',
          ...(wanted === undefined ? {} : { scopes: wanted }),
          ...(approve
            ? {
                approval: {
                  userId: by.id,
                  assurance: by.assurance ?? 1,
                  methods: by.methods ?? [],
                  authenticatedAtMs: by.authenticatedAtMs ?? 0,
                  ...(by.sessionId === undefined ? {} : { sessionId: by.sessionId }),
                  ...(by.provider === undefined ? {} : { provider: by.provider }),
                },
              }
            : {}),
        });
        if (!changed) return false;
        await outbox.record(
          transaction,
          tokenEvent({
            nowMs: clock.nowMs(),
            action: approve ? 'token.approve' : 'token.deny',
            actor: by,
            holder: { type: 'user', id: by.id, name: by.name },
            client,
            details: {
              client: code.clientId,
              scopes: wanted === undefined ? null : [...wanted],
              from: code.client.address,
            },
          }),
        );
        return true;
      });
      if (!isDone) {
        guesses.wrong(namesOf(by, client));
        throw unknown();
      }
      await outbox.flushed();
    },

    async redeem({ deviceCode, binding, client }) {
      const hash = hashOf('device code', deviceCode);
      // Asked before, since a transaction has the database to itself.
      const approval = (await loginStore.findCode(database, { hash }))?.approval;
      const person = approval === undefined ? undefined : await needs.person(approval.userId, approval);
      const answer = await database.transaction().execute(async (transaction): Promise<Login | OAuthError> => {
        const nowMs = clock.nowMs();
        const code = await loginStore.findCode(transaction, { hash });
        if (code === undefined)
          return new OAuthError('invalid_grant', 'Cannot use this device code: it is unknown or too old');
        const isOthers =
          code.binding !== undefined &&
          (code.binding.kind !== binding.kind || code.binding.thumbprint !== binding.thumbprint);
        if (isOthers)
          return new OAuthError('invalid_grant', 'Cannot use this device code: it was asked for with another key');
        if (code.state === 'used') {
          const given = code.loginId === undefined ? undefined : await loginStore.find(transaction, code.loginId);
          if (given !== undefined) {
            await removeLogin(transaction, given);
            await outbox.record(
              transaction,
              tokenEvent({
                nowMs,
                action: 'token.reuse',
                actor: { kind: 'unknown', id: client.address, name: 'unauthenticated' },
                holder: { type: 'user', id: given.userId, name: given.userId },
                client,
                refused: 'device_code_reused',
                details: { login: given.id },
              }),
            );
          }
          return new OAuthError('invalid_grant', 'Cannot use this device code: it was used before');
        }
        const refused = await standing(transaction, code);
        if (refused !== undefined) return refused;
        if (approval === undefined || code.approval === undefined)
          return new OAuthError('authorization_pending', 'Nobody has said yes yet');
        const login: Login = {
          id: newId(random),
          clientId: code.clientId,
          binding,
          createdAtMs: nowMs,
          expiresAtMs: nowMs + loginLifetimeMs,
          client: { address: client.address, agent: code.client.agent },
          ...code.approval,
          ...(code.scopes === undefined ? {} : { scopes: code.scopes }),
        };
        if (person === undefined || person.settledAtMs > code.createdAtMs)
          return new OAuthError('access_denied', 'The person may not come in any more');
        const isFirst = await loginStore.setState(transaction, hash, {
          from: 'approved',
          to: 'used',
          loginId: login.id,
        });
        if (!isFirst) return new OAuthError('invalid_grant', 'Cannot use this device code: it was used before');
        const earlier = await loginStore.list(transaction, login.userId);
        for (const surplus of earlier.slice(limits.maxLoginsPerPerson - 1)) await removeLogin(transaction, surplus);
        await loginStore.insert(transaction, login);
        return login;
      });
      if (!(answer instanceof OAuthError)) return answer;
      await outbox.flushed();
      throw answer;
    },

    async list(userId) {
      const nowMs = clock.nowMs();
      return (await loginStore.list(database, userId)).filter(({ expiresAtMs }) => expiresAtMs > nowMs);
    },

    async end({ id, by, anybodys }) {
      await database.transaction().execute(async (transaction) => {
        const login = await loginStore.find(transaction, id);
        if (login === undefined || (login.userId !== by.id && !anybodys))
          throw new MachineAccessError(
            'token_login_not_found',
            `Cannot end sign-in "${id.slice(0, 100)}": must be the id of one`,
          );
        await removeLogin(transaction, login);
        await outbox.record(
          transaction,
          tokenEvent({
            nowMs: clock.nowMs(),
            action: 'token.revoke',
            actor: by,
            holder: { type: 'user', id: login.userId, name: login.userId === by.id ? by.name : login.userId },
            details: { login: id },
          }),
        );
      });
      await outbox.flushed();
    },

    async endWhere(transaction, which, by) {
      await loginStore.withdrawApprovals(transaction, which);
      const logins = await loginStore.listWhere(transaction, which);
      for (const login of logins) {
        await removeLogin(transaction, login);
        await outbox.record(
          transaction,
          tokenEvent({
            nowMs: clock.nowMs(),
            action: 'token.revoke',
            actor: by,
            holder: { type: 'user', id: login.userId, name: login.userId === by.id ? by.name : login.userId },
            details: { login: login.id },
          }),
        );
      }
      return logins.length;
    },
  };
}
