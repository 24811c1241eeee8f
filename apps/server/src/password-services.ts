import { join } from 'node:path';
import { createBreachedPasswords, createBreachedRoutes, createPasswordStrength } from '@sallyport/identity';
import type { PasswordStrength } from '@sallyport/identity';
import type { Outbox } from '@sallyport/ledger';
import type { Clock } from '@sallyport/platform/clock';
import type { Database } from '@sallyport/platform/database';
import type { RoutePlugin } from '@sallyport/platform/http';

/** What passwords are measured against. */
export type PasswordServices = {
  readonly passwordStrength: PasswordStrength;
  readonly routes: RoutePlugin;
  close(): Promise<void>;
};

export function createPasswordServices(needs: {
  readonly database: Database;
  readonly outbox: Outbox;
  readonly clock: Clock;
  readonly dataDirectory: string;
}): PasswordServices {
  const breached = createBreachedPasswords({ ...needs, directory: join(needs.dataDirectory, 'passwords') });
  return {
    passwordStrength: createPasswordStrength(breached),
    routes: createBreachedRoutes(breached),
    close: () => breached.close(),
  };
}
