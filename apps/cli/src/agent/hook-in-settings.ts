import type { JsonObject, JsonValue } from '@sallyport/contracts';
import { field, listField, numberField, textField } from '../json-reading.ts';
import { askingEvent, isOurs } from './harness-settings.ts';
import type { SettableHarness } from './harness-settings.ts';

/** What a harness does before a call because its settings say so: our hook as it stands there. */
export type HookInSettings =
  | { readonly kind: 'command'; readonly command: string; readonly timeoutMs: number }
  | {
      readonly kind: 'http';
      readonly url: string;
      readonly headers: Readonly<Record<string, string>>;
      /** Names that may be filled in from the environment. */
      readonly variables: readonly string[];
      readonly timeoutMs: number;
      readonly blocksOnFailure: boolean;
    };

const defaultSeconds = 60;

/** Undefined where the settings have no hook of ours before a call. */
export function hookInSettings(harness: SettableHarness, settings: JsonObject): HookInSettings | undefined {
  const groups = listField(settings['hooks'], askingEvent[harness]).filter(isOurs);
  const [hook] = groups.flatMap((group) => (field(group, 'hooks') === undefined ? [group] : listField(group, 'hooks')));
  if (hook === undefined) return undefined;
  const given = numberField(hook, 'timeout');
  // Gemini CLI counts milliseconds.
  const timeoutMs = given === undefined ? defaultSeconds * 1000 : harness === 'gemini-cli' ? given : given * 1000;
  const command = textField(hook, 'command');
  if (command !== undefined) return { kind: 'command', command, timeoutMs };
  const url = textField(hook, 'url');
  if (url === undefined) return undefined;
  return {
    kind: 'http',
    url,
    headers: textsOf(field(hook, 'headers')),
    variables: listField(hook, 'allowedEnvVars').filter((name) => typeof name === 'string'),
    timeoutMs,
    blocksOnFailure: textField(hook, 'onFailure') === 'block',
  };
}

/** Headers as they are sent: `$NAME` of what may be filled in, nothing in the place of what may not. */
export function filledHeaders(
  hook: Extract<HookInSettings, { kind: 'http' }>,
  environment: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(hook.headers).map(([name, value]) => [
      name,
      value.replaceAll(/\$\{?([A-Za-z_]\w*)\}?/g, (_all, variable: string) =>
        hook.variables.includes(variable) ? (environment[variable] ?? '') : '',
      ),
    ]),
  );
}

function textsOf(value: JsonValue | undefined): Readonly<Record<string, string>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return {};
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, text]) => (typeof text === 'string' ? [[name, text] as const] : [])),
  );
}
