/** What a right lets somebody do, as people say it. */
const words: Readonly<Record<string, string>> = {
  'events:write': 'send events',
  'events:read': 'look at events',
  'hunts:run': 'search the past with rules',
  'alerts:read': 'look at alerts',
  'alerts:write': 'handle alerts',
  'ledger:read': 'check proofs in the ledger',
  'keys:manage': 'make and end API keys',
  'vault:read': 'look at keys and ciphers',
  'vault:manage': 'rotate and destroy keys',
  'personal:read': 'look up what is kept about somebody',
  'personal:manage': 'export and erase what is kept about somebody',
  'health:read': 'see how the server is',
  'rules:read': 'look at rules',
  'rules:write': 'write rules',
  'rules:manage': 'put rules and exceptions into force',
  'sources:manage': 'change sources of events',
  'sensors:read': 'look at sensors',
  'sensors:write': 'report as a sensor',
  'users:read': 'see who has an account',
  'users:manage': 'change accounts and roles',
  'sessions:own': 'use their own account',
  'settings:read': 'look at settings',
  'settings:manage': 'change settings',
  'audit:read': 'read the audit trail',
  'demo:run': 'run the demonstration',
  'clock:accept': 'accept a clock that jumped',
  'devices:read': 'look at devices',
  'devices:manage': 'approve and revoke devices',
  'devices:command': 'send commands to devices',
  'cameras:read': 'watch cameras',
  'cameras:manage': 'change cameras',
  'cameras:export': 'take recordings out',
  'agents:read': 'see what AI agents do',
  'agents:run': 'run AI agents of their own',
  'agents:stop': 'stop AI agents',
  'agents:approve': 'say yes or no to calls of everybody’s AI agents',
  'agents:manage': 'change what AI agents may do',
};

/** All there are words for. */
export const knownActions: readonly string[] = Object.keys(words);

export function actionWords(action: string): string {
  return words[action] ?? action;
}
