import type { Database, Transaction } from '@sallyport/platform/database';
import type { Client } from '@sallyport/platform/http';
import { accountEvent } from '../audit-record.ts';
import { IdentityError } from '../errors.ts';
import type { PeopleNeeds } from '../needs.ts';
import type { PasswordHashes } from '../passwords/password-hash.ts';
import { checkPassword } from '../passwords/password-rules.ts';
import type { Tickets } from '../tickets/tickets.ts';
import { parseOrganization, type Organization } from './organization.ts';
import { parseUserName } from './user-name.ts';
import { hasActive, stateOf, type User, type UserStore } from './user-store.ts';

/** The first administrator. There is no account and no password before. */
export type Setup = {
  /** No administrator can sign in. */
  needed(): Promise<boolean>;
  /** A new link in place of any before, good once and for 30 minutes; undefined when there is an administrator. */
  link(baseUrl: string): Promise<string | undefined>;
  /**
   * The account is of no use before its second factor. A weak password leaves the link good.
   * Throws `setup_not_local`, `link_invalid`, `user_name_invalid`, `organization_invalid`, `password_weak`, `passwords_busy`.
   */
  createAdministrator(request: {
    readonly token: string;
    readonly name: string;
    readonly password: string;
    readonly organization?: string;
    readonly client: Client;
  }): Promise<{ readonly enrolment: string }>;
};

const createdBy = 'setup';
const idBytes = 12;

export function createSetup(
  needs: Pick<PeopleNeeds, 'database' | 'outbox' | 'clock' | 'random' | 'passwordStrength'> & {
    readonly userStore: UserStore;
    readonly organization: Pick<Organization, 'write'>;
    readonly hashes: PasswordHashes;
    readonly tickets: Tickets;
  },
): Setup {
  const { database, outbox, clock, random, userStore, hashes, tickets } = needs;

  const isNeeded = async (where: Database | Transaction): Promise<boolean> => !(await hasActive(where, 'admin'));
  const checkLink = async (where: Database | Transaction, token: string): Promise<void> => {
    if ((await isNeeded(where)) && (await tickets.find(where, 'setup', token)) !== undefined) return;
    throw new IdentityError('link_invalid', 'Cannot set up with this link: it was used, has expired or is wrong', {
      hint: 'the server prints a new one when it starts, until there is an administrator',
    });
  };

  return {
    needed: () => isNeeded(database),

    link: (baseUrl) =>
      database.transaction().execute(async (transaction) => {
        await tickets.forget(transaction, { purpose: 'setup' });
        if (!(await isNeeded(transaction))) return undefined;
        const { token } = await tickets.issue(transaction, { purpose: 'setup' });
        // Behind the "#" it is never sent by the browser, so it stands in no log.
        return `${baseUrl.replace(/\/$/, '')}/setup#${token}`;
      }),

    async createAdministrator({ token, name: text, password, organization: given, client }) {
      if (!client.isLocal)
        throw new IdentityError(
          'setup_not_local',
          'Cannot set up from another machine: must be done on the server’s own',
          {
            hint: 'forward a port: ssh -L 8470:127.0.0.1:8470 SERVER',
          },
        );
      await checkLink(database, token);
      const name = parseUserName(text);
      const organization = given === undefined ? undefined : parseOrganization(given);
      await checkPassword(password, [name, organization ?? '', 'sallyport'], needs.passwordStrength);
      const passwordHash = await hashes.hash(password);
      const enrolment = await database.transaction().execute(async (transaction) => {
        await checkLink(transaction, token);
        await tickets.consume(transaction, 'setup', token);
        const nowMs = clock.nowMs();
        const by = { kind: 'setup', id: client.address, name: 'first run' };
        for (const user of await forgetUnfinished(transaction, name))
          await outbox.record(transaction, accountEvent({ nowMs, by, action: 'user.delete', user }));
        const id = Buffer.from(random(idBytes)).toString('hex');
        const user: User = { id, name, roles: ['admin'], passwordHash, createdAtMs: nowMs, createdBy };
        await userStore.insert(transaction, user);
        if (organization !== undefined) await needs.organization.write(transaction, organization);
        const details = { roles: user.roles, address: client.address, organization: organization ?? null };
        await outbox.record(transaction, accountEvent({ nowMs, by, action: 'user.create', user, details }));
        return tickets.issue(transaction, { purpose: 'enrolment', userId: id });
      });
      await outbox.flushed();
      return { enrolment: enrolment.token };
    },
  };

  /** Whoever began before and did not get as far as a second factor makes way; returns who did. */
  async function forgetUnfinished(transaction: Transaction, name: string): Promise<readonly User[]> {
    const all = await userStore.list(transaction);
    const unfinished = all.filter((user) => user.createdBy === createdBy && stateOf(user) === 'enrolling');
    for (const user of unfinished) {
      await tickets.forget(transaction, { userId: user.id });
      await userStore.remove(transaction, user.id);
    }
    if ((await userStore.findByName(transaction, name)) === undefined) return unfinished;
    throw new IdentityError('user_exists', `Cannot create administrator "${name}": must be a name nobody has`);
  }
}
