import { typedApp, type RoutePlugin } from '@sallyport/platform/http';
import { Type } from 'typebox';
import type { RunTelemetry } from './run-telemetry.ts';

const bodyLimitBytes = 1024 * 1024;

/** `/v1/agent/telemetry`: OTLP/HTTP logs of a harness, in JSON, with the credential of its run. */
export function createTelemetryRoutes(telemetry: RunTelemetry): RoutePlugin {
  return async (fastify) => {
    typedApp(fastify).post(
      '/v1/agent/telemetry',
      {
        config: { scope: 'agents:report', bodyLimitBytes },
        schema: {
          summary:
            'OpenTelemetry logs of an agent’s harness (OTLP/HTTP in JSON): tokens, costs, and calls nobody asked about',
          tags: ['agents'],
          body: Type.Record(Type.String({ maxLength: 200 }), Type.Unknown(), {
            maxProperties: 10,
            description: 'ExportLogsServiceRequest',
          }),
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
  };
}
