import type { MigrationSet } from '@sallyport/platform/database';
import { certificateMemory } from './0015-certificate-memory.ts';
import { createKeys } from './0001-create-keys.ts';
import { createPeople } from './0002-create-people.ts';
import { ownAccounts } from './0003-own-accounts.ts';
import { signInRules } from './0004-sign-in-rules.ts';
import { boundSessions } from './0005-bound-sessions.ts';
import { keyRotation } from './0006-key-rotation.ts';
import { providedRoles } from './0007-provided-roles.ts';
import { passwordChangeRequired } from './0009-password-change-required.ts';
import { passkeyPolicy } from './0012-passkey-policy.ts';
import { personCertificates } from './0014-person-certificates.ts';
import { siteRoles } from './0011-site-roles.ts';
import { keySites } from './0013-key-sites.ts';

export const identityMigrations: MigrationSet = {
  module: 'identity',
  migrations: {
    '0001-create-keys': createKeys,
    '0002-create-people': createPeople,
    '0003-own-accounts': ownAccounts,
    '0004-sign-in-rules': signInRules,
    '0005-bound-sessions': boundSessions,
    '0006-key-rotation': keyRotation,
    '0007-provided-roles': providedRoles,
    '0009-password-change-required': passwordChangeRequired,
    '0011-site-roles': siteRoles,
    '0012-passkey-policy': passkeyPolicy,
    '0013-key-sites': keySites,
    '0014-person-certificates': personCertificates,
    '0015-certificate-memory': certificateMemory,
  },
};
