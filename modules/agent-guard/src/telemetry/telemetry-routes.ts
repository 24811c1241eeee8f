import { typedApp, type RoutePlugin } from '@sallyport/platform/http';
import { Type } from 'typebox';
import type { RunTelemetry } from './run-telemetry.ts';

const bodyLimitBytes = 1024 * 1024;

/** `/v1/agent/telemetry`: OTLP/HTTP logs of a harness, in JSON, with the credential of its run, or the one of it that is for this alone. */
export function createTelemetryRoutes(telemetry: RunTelemetry): RoutePlugin {
  return async (fastify) => {
    const app = typedApp(fastify);
    const config = { scope: 'agents:telemetry', bodyLimitBytes };
    const tags = ['agents'];
    const requestOf = (description: string) =>
      Type.Record(Type.String({ maxLength: 200 }), Type.Unknown(), { maxProperties: 10, description });
    // Some exporters are told a whole address, others what `v1/logs` is added to.
    for (const path of ['/v1/agent/telemetry', '/v1/agent/telemetry/v1/logs'])
      app.post(
        path,
        {
          config,
          schema: {
            summary:
              'OpenTelemetry logs of an agent’s harness (OTLP/HTTP in JSON): tokens, costs, and calls nobody asked about',
            tags,
            body: requestOf('ExportLogsServiceRequest'),
            response: {
              200: Type.Object({
                partialSuccess: Type.Object({ rejectedLogRecords: Type.String(), errorMessage: Type.String() }),
              }),
            },
          },
        },
        async ({ body, principal }) => {
          const { rejected, reason } = await telemetry.take({ sessionId: principal.id, text: JSON.stringify(body) });
          return { partialSuccess: { rejectedLogRecords: String(rejected), errorMessage: reason } };
        },
      );
    for (const path of ['/v1/agent/telemetry/v1/metrics', '/v1/agent/telemetry/v1/traces'])
      app.post(
        path,
        {
          config,
          schema: {
            summary:
              'OpenTelemetry metrics and traces of an agent’s harness: taken from whoever cannot leave them out, not kept',
            tags,
            body: requestOf('Not read'),
            response: { 200: Type.Object({}) },
          },
        },
        async () => ({}),
      );
  };
}
