import type { BegunRun } from './begin-run.ts';

/**
 * What a harness and its hooks find in the environment of a run: the credential of its hooks, the authority of the server, and for those that
 * tell what their model takes, where they tell it. A variable that somebody set for themselves stays as it is. Beside the header with a
 * credential always stands our address, and it is for one signal alone: libraries of OpenTelemetry in programs that the agent starts read
 * these too, and send such a header wherever they send that signal. So it is a credential that sends telemetry of this run and does nothing
 * else. The gateway takes out of the environment of MCP servers whatever of this holds a credential, and what belongs to it (`apps/guard/src/mcp/stdio-server.ts`).
 */
export function runEnvironment(
  { id, token, telemetryToken }: BegunRun,
  of: {
    readonly harness: string;
    readonly server: string;
    readonly caFile: string | undefined;
    readonly isSet: (name: string) => boolean;
    /** Whether its own settings leave it to us where it tells what its model takes. */
    readonly tells: boolean;
  },
): Readonly<Record<string, string>> {
  const { harness, server, caFile, isSet, tells } = of;
  const isClaude = harness === 'claude-code';
  const isNode = isClaude || harness === 'gemini-cli';
  const bearer = `authorization=Bearer%20${telemetryToken}`;
  const telemetry = `${server}/v1/agent/telemetry`;
  const leavesItToUs = !collectsTelemetry(isSet);
  return {
    SALLYPORT_AGENT_TOKEN: token,
    ...(telemetryToken === token ? {} : { SALLYPORT_AGENT_TELEMETRY_TOKEN: telemetryToken }),
    SALLYPORT_AGENT_SESSION: id,
    SALLYPORT_AGENT_SERVER: server,
    ...(caFile === undefined ? {} : { SALLYPORT_AGENT_CA: caFile }),
    // They post telemetry themselves, Claude Code its hooks too, and ask this for whom they may believe beside the system's own.
    ...(isNode && caFile !== undefined && !isSet('NODE_EXTRA_CA_CERTS') ? { NODE_EXTRA_CA_CERTS: caFile } : {}),
    // Whoever collects this already goes on to.
    ...(isClaude && leavesItToUs && !isSet('CLAUDE_CODE_ENABLE_TELEMETRY') && !isSet('OTEL_LOGS_EXPORTER')
      ? {
          CLAUDE_CODE_ENABLE_TELEMETRY: '1',
          OTEL_LOGS_EXPORTER: 'otlp',
          OTEL_EXPORTER_OTLP_LOGS_PROTOCOL: 'http/json',
          OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: telemetry,
          OTEL_EXPORTER_OTLP_LOGS_HEADERS: bearer,
          OTEL_LOGS_EXPORT_INTERVAL: '2000',
        }
      : {}),
    // Where to is said on its command line, too.
    ...(harness === 'codex' && tells && leavesItToUs
      ? { OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: telemetry, OTEL_EXPORTER_OTLP_LOGS_HEADERS: bearer }
      : {}),
    ...(harness === 'gemini-cli' && tells && leavesItToUs && !geminiTelemetry.some(isSet)
      ? {
          GEMINI_TELEMETRY_ENABLED: 'true',
          GEMINI_TELEMETRY_TARGET: 'local',
          GEMINI_TELEMETRY_OTLP_PROTOCOL: 'http',
          GEMINI_TELEMETRY_OTLP_ENDPOINT: telemetry,
          GEMINI_TELEMETRY_LOG_PROMPTS: 'false',
          GEMINI_TELEMETRY_TRACES_ENABLED: 'false',
          OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: `${telemetry}/v1/logs`,
          OTEL_EXPORTER_OTLP_LOGS_HEADERS: bearer,
          // It cannot leave these out, every ten seconds; of traces there is next to none.
          OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: `${telemetry}/v1/metrics`,
          OTEL_EXPORTER_OTLP_METRICS_HEADERS: bearer,
        }
      : {}),
  };
}

/** Whether somebody set anything of where telemetry goes: then their collector would get what we add to it. */
export function collectsTelemetry(isSet: (name: string) => boolean): boolean {
  return otlpVariables.some(isSet);
}

const otlpVariables = ['', 'LOGS_', 'METRICS_', 'TRACES_', 'PROFILES_', 'SPAN_', 'METRIC_'].flatMap((signal) =>
  [
    'ENDPOINT',
    'HEADERS',
    'PROTOCOL',
    'COMPRESSION',
    'TIMEOUT',
    'INSECURE',
    'CERTIFICATE',
    'CLIENT_CERTIFICATE',
    'CLIENT_KEY',
    'TEMPORALITY_PREFERENCE',
    'DEFAULT_HISTOGRAM_AGGREGATION',
  ].map((name) => `OTEL_EXPORTER_OTLP_${signal}${name}`),
);

/** Whoever has one of these collects for themselves. */
const geminiTelemetry = [
  'GEMINI_TELEMETRY_ENABLED',
  'GEMINI_TELEMETRY_TARGET',
  'GEMINI_TELEMETRY_OTLP_ENDPOINT',
  'GEMINI_TELEMETRY_OUTFILE',
];
