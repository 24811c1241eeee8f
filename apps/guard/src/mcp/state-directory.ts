import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

/** Where what the gateway keeps lies, readable by its person alone; never in the folder somebody stands in. */
export function stateDirectory(environment: Readonly<Record<string, string | undefined>>): string {
  const { XDG_STATE_HOME: state = '', HOME: home = '' } = environment;
  if (isAbsolute(state)) return join(state, 'sallyport');
  return join(isAbsolute(home) ? home : homedir(), '.local', 'state', 'sallyport');
}
