import { join } from 'node:path';

type Environment = Readonly<Record<string, string | undefined>>;

/** Where something of runs is kept, readable by who runs them alone. */
export function stateFolder(
  environment: Environment,
  name: 'agent-runs' | 'agent-missed' | 'agent-telemetry',
): string | undefined {
  const named = environment['XDG_STATE_HOME'] ?? '';
  const home = environment['HOME'] ?? '';
  const state = named.startsWith('/') ? named : home.startsWith('/') ? join(home, '.local', 'state') : undefined;
  return state === undefined ? undefined : join(state, 'sallyport', name);
}
