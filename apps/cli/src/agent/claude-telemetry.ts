import { isJsonObject, type JsonObject } from '@sallyport/contracts';

/** Asked for with each sending once this is over: a conversation may go on as another run. */
const askAgainMs = '60000';
const turnsOn = 'CLAUDE_CODE_ENABLE_TELEMETRY';
/** What we set besides where to, and to what; settings of telemetry that are called or stand otherwise are somebody's own. */
const ours: Readonly<Record<string, string>> = {
  [turnsOn]: '1',
  CLAUDE_CODE_OTEL_HEADERS_HELPER_DEBOUNCE_MS: askAgainMs,
  OTEL_LOGS_EXPORTER: 'otlp',
  OTEL_EXPORTER_OTLP_LOGS_PROTOCOL: 'http/json',
  OTEL_LOGS_EXPORT_INTERVAL: '2000',
};
const whereTo = 'OTEL_EXPORTER_OTLP_LOGS_ENDPOINT';
const ourPath = '/v1/agent/telemetry';

/**
 * Settings with which Claude Code tells what its model takes also where nobody started it with `agent run`: it asks the guard with which
 * credential, and that knows the run. What somebody set of telemetry for themselves, before us or since, stays, and then nothing of ours is
 * added, and our helper is taken out. `asks`: the guard begins runs there; otherwise what was ours is taken out.
 */
export function withTelemetry(
  before: JsonObject,
  { server, guard, asks }: { readonly server: string; readonly guard: string; readonly asks: boolean },
): JsonObject {
  const { otelHeadersHelper: helper, env, ...rest } = before;
  const isOurs = typeof helper === 'string' && /sallyport-guard.* telemetry claude-code$/.test(helper);
  const all = isJsonObject(env) ? env : {};
  const isTheirs = ([name, value]: [string, unknown]): boolean =>
    isOfTelemetry(name) && !(isOurs && isOfUs(name, value));
  if (Object.entries(all).some(isTheirs)) return isOurs ? { ...rest, env: withoutOurs(all) } : before;
  if (!isOurs && (helper !== undefined || !asks)) return before;
  const others = Object.fromEntries(Object.entries(all).filter(([name]) => !isOfTelemetry(name)));
  const bare = { ...rest, ...(Object.keys(others).length === 0 ? {} : { env: others }) };
  if (!asks) return bare;
  return {
    ...bare,
    otelHeadersHelper: `${guard} telemetry claude-code`,
    env: {
      ...others,
      ...ours,
      [whereTo]: `${server}${ourPath}`,
    },
  };
}

function isOfTelemetry(name: string): boolean {
  return name.startsWith('OTEL_') || Object.hasOwn(ours, name);
}

/**
 * Beside what somebody set. Where logs go to us they would go without credential, or elsewhere once only that is taken out; what goes
 * to somebody else needs what we set, and telemetry stays on.
 */
function withoutOurs(env: JsonObject): JsonObject {
  if (!isOfUs(whereTo, env[whereTo])) return env;
  return Object.fromEntries(Object.entries(env).filter(([name, value]) => name === turnsOn || !isOfUs(name, value)));
}

/** Wherever the server was before. */
function isOfUs(name: string, value: unknown): boolean {
  if (name === whereTo) return typeof value === 'string' && value.endsWith(ourPath);
  return Object.hasOwn(ours, name) && ours[name] === value;
}
