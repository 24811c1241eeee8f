import type { BegunRun } from './begin-run.ts';

/**
 * What a harness and its hooks find in the environment of a run: the credential of its hooks, the authority of the server, and for Claude
 * Code that it tells what its model takes. A variable that somebody set for themselves stays as it is. The gateway takes out of the
 * environment of MCP servers whatever of this holds the credential, and what belongs to it (`apps/guard/src/mcp/stdio-server.ts`).
 */
export function runEnvironment(
  { id, token }: BegunRun,
  of: {
    readonly harness: string;
    readonly server: string;
    readonly caFile: string | undefined;
    readonly isSet: (name: string) => boolean;
  },
): Readonly<Record<string, string>> {
  const { harness, server, caFile, isSet } = of;
  const isClaude = harness === 'claude-code';
  return {
    SALLYPORT_AGENT_TOKEN: token,
    SALLYPORT_AGENT_SESSION: id,
    SALLYPORT_AGENT_SERVER: server,
    ...(caFile === undefined ? {} : { SALLYPORT_AGENT_CA: caFile }),
    // It posts hooks and telemetry itself, and asks this for whom it may believe beside the system's own.
    ...(isClaude && caFile !== undefined && !isSet('NODE_EXTRA_CA_CERTS') ? { NODE_EXTRA_CA_CERTS: caFile } : {}),
    // Whoever collects this already goes on to.
    ...(isClaude && !isSet('CLAUDE_CODE_ENABLE_TELEMETRY') && !isSet('OTEL_LOGS_EXPORTER')
      ? {
          CLAUDE_CODE_ENABLE_TELEMETRY: '1',
          OTEL_LOGS_EXPORTER: 'otlp',
          OTEL_EXPORTER_OTLP_LOGS_PROTOCOL: 'http/json',
          OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: `${server}/v1/agent/telemetry`,
          OTEL_EXPORTER_OTLP_LOGS_HEADERS: `authorization=Bearer%20${token}`,
          OTEL_LOGS_EXPORT_INTERVAL: '2000',
        }
      : {}),
  };
}
