import type { BegunRun } from './begin-run.ts';

/**
 * What a harness and its hooks find in the environment of a run: the credential of its hooks, the authority of the server, and for those that
 * tell what their model takes, where they tell it. A variable that somebody set for themselves stays as it is. The gateway takes out of the
 * environment of MCP servers whatever of this holds the credential, and what belongs to it (`apps/guard/src/mcp/stdio-server.ts`).
 */
export function runEnvironment(
  { id, token }: BegunRun,
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
  const bearer = `authorization=Bearer%20${token}`;
  return {
    SALLYPORT_AGENT_TOKEN: token,
    SALLYPORT_AGENT_SESSION: id,
    SALLYPORT_AGENT_SERVER: server,
    ...(caFile === undefined ? {} : { SALLYPORT_AGENT_CA: caFile }),
    // They post telemetry themselves, Claude Code its hooks too, and ask this for whom they may believe beside the system's own.
    ...(isNode && caFile !== undefined && !isSet('NODE_EXTRA_CA_CERTS') ? { NODE_EXTRA_CA_CERTS: caFile } : {}),
    // Whoever collects this already goes on to.
    ...(isClaude && !isSet('CLAUDE_CODE_ENABLE_TELEMETRY') && !isSet('OTEL_LOGS_EXPORTER')
      ? {
          CLAUDE_CODE_ENABLE_TELEMETRY: '1',
          OTEL_LOGS_EXPORTER: 'otlp',
          OTEL_EXPORTER_OTLP_LOGS_PROTOCOL: 'http/json',
          OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: `${server}/v1/agent/telemetry`,
          OTEL_EXPORTER_OTLP_LOGS_HEADERS: bearer,
          OTEL_LOGS_EXPORT_INTERVAL: '2000',
        }
      : {}),
    // Where to is said on its command line.
    ...(harness === 'codex' && tells ? { OTEL_EXPORTER_OTLP_LOGS_HEADERS: bearer } : {}),
    ...(harness === 'gemini-cli' && tells && !geminiTelemetry.some(isSet)
      ? {
          GEMINI_TELEMETRY_ENABLED: 'true',
          GEMINI_TELEMETRY_TARGET: 'local',
          GEMINI_TELEMETRY_OTLP_PROTOCOL: 'http',
          GEMINI_TELEMETRY_OTLP_ENDPOINT: `${server}/v1/agent/telemetry`,
          GEMINI_TELEMETRY_LOG_PROMPTS: 'false',
          GEMINI_TELEMETRY_TRACES_ENABLED: 'false',
          OTEL_EXPORTER_OTLP_HEADERS: bearer,
        }
      : {}),
  };
}

/** Whoever has one of these collects for themselves. */
const geminiTelemetry = [
  'GEMINI_TELEMETRY_ENABLED',
  'GEMINI_TELEMETRY_TARGET',
  'GEMINI_TELEMETRY_OTLP_ENDPOINT',
  'GEMINI_TELEMETRY_OUTFILE',
  'OTEL_EXPORTER_OTLP_ENDPOINT',
  'OTEL_EXPORTER_OTLP_HEADERS',
];
