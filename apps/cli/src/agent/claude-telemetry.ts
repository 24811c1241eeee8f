import { isJsonObject, type JsonObject } from '@sallyport/contracts';

/** Asked for with each sending once this is over: a conversation may go on as another run. */
const askAgainMs = '60000';
const named: ReadonlySet<string> = new Set([
  'CLAUDE_CODE_ENABLE_TELEMETRY',
  'CLAUDE_CODE_OTEL_HEADERS_HELPER_DEBOUNCE_MS',
]);

/**
 * Settings with which Claude Code tells what its model takes also where nobody started it with `agent run`: it asks the guard with which
 * credential, and that knows the run. What somebody set of telemetry for themselves stays, and then nothing of ours is added. `asks`: the
 * guard begins runs there; otherwise what was ours is taken out.
 */
export function withTelemetry(
  before: JsonObject,
  { server, guard, asks }: { readonly server: string; readonly guard: string; readonly asks: boolean },
): JsonObject {
  const { otelHeadersHelper: helper, env, ...rest } = before;
  const isOurs = typeof helper === 'string' && /sallyport-guard.* telemetry claude-code$/.test(helper);
  const all = isJsonObject(env) ? env : {};
  const others = Object.fromEntries(Object.entries(all).filter(([name]) => !isOfTelemetry(name)));
  const isTheirs = !isOurs && (helper !== undefined || Object.keys(all).some(isOfTelemetry));
  if (isTheirs || (!isOurs && !asks)) return before;
  const bare = { ...rest, ...(Object.keys(others).length === 0 ? {} : { env: others }) };
  if (!asks) return bare;
  return {
    ...bare,
    otelHeadersHelper: `${guard} telemetry claude-code`,
    env: {
      ...others,
      CLAUDE_CODE_ENABLE_TELEMETRY: '1',
      CLAUDE_CODE_OTEL_HEADERS_HELPER_DEBOUNCE_MS: askAgainMs,
      OTEL_LOGS_EXPORTER: 'otlp',
      OTEL_EXPORTER_OTLP_LOGS_PROTOCOL: 'http/json',
      OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: `${server}/v1/agent/telemetry`,
      OTEL_LOGS_EXPORT_INTERVAL: '2000',
    },
  };
}

function isOfTelemetry(name: string): boolean {
  return name.startsWith('OTEL_') || named.has(name);
}
