// What access.test.ts expects of the whole API, written down a second time.
import { allActions, deviceActions } from '@sallyport/access-policy';

/** What each role is for, written down independently of the policies. */
export const allowed: Readonly<Record<string, readonly string[]>> = {
  admin: allActions,
  analyst:
    'events:read hunts:run alerts:read alerts:write ledger:read health:read sensors:read rules:read rules:write rules:manage audit:read settings:read demo:run agents:read agents:run agents:stop sessions:own devices:read devices:command cameras:read cameras:manage cameras:export'.split(
      ' ',
    ),
  guard:
    'alerts:read alerts:write events:read health:read sensors:read agents:stop sessions:own devices:read devices:command cameras:read'.split(
      ' ',
    ),
  viewer: 'events:read alerts:read health:read sensors:read ledger:read agents:run sessions:own'.split(' '),
  auditor:
    'events:read alerts:read ledger:read audit:read rules:read vault:read personal:read users:read settings:read health:read sensors:read agents:read sessions:own devices:read cameras:export'.split(
      ' ',
    ),
  key: ['events:write'],
  device: deviceActions,
};

/** Written down a second time, so that a route that loses its flag is a change of this list. */
export const grave = [
  'DELETE /v1/account/factors/{id}',
  'PATCH /v1/devices/{id}',
  'PATCH /v1/users/{id}',
  'DELETE /v1/cameras/{id}',
  'DELETE /v1/ledger/witnesses/{id}',
  'PATCH /v1/cameras/{id}',
  'POST /v1/cameras',
  'POST /v1/account/passkeys',
  'POST /v1/account/passkeys/options',
  'POST /v1/account/recovery-codes',
  'POST /v1/account/totp',
  'POST /v1/account/totp/confirm',
  'POST /v1/devices/{id}/approve',
  'POST /v1/devices/{id}/revoke',
  'POST /v1/invitations',
  'POST /v1/ledger/witnesses',
  'POST /v1/ledger/witnesses/sign-anyway',
  'PUT /v1/ledger/witnesses/policy',
  'POST /v1/keys',
  'POST /v1/keys/{id}/resume',
  'POST /v1/sensors/{id}/key',
  'POST /v1/users/{id}/reset',
  'PUT /v1/account/password',
  'PUT /v1/agent/notices',
  'PUT /v1/settings',
  'DELETE /v1/break-glass/{id}',
  'POST /v1/break-glass',
  'POST /v1/break-glass/{id}/drill',
  'DELETE /v1/break-glass/{id}/passkeys/{passkey}',
  'POST /v1/break-glass/{id}/opening',
  'POST /v1/break-glass/{id}/passkeys',
  'POST /v1/break-glass/{id}/passkeys/options',
  'POST /v1/break-glass/{id}/seal',
  'POST /v1/agents/policies/versions/{version}/activate',
  'POST /v1/agents/policies/versions/{version}/approve',
  'POST /v1/privileges/requests/{id}/approve',
  'POST /v1/privileges/requests/{id}/review',
  'POST /v1/privileges/requests/{id}/take-up',
  'PUT /v1/privileges/rules',
];

/** As an attacker writes them who has read our own answers. */
export const privileged = {
  id: 'admin',
  user_id: 'admin',
  role: 'admin',
  isAdmin: true,
  permissions: ['users:manage'],
  owner: 'user/admin',
  created_by: 'setup',
  approved: true,
  sallyport_unheard_of: true,
};
