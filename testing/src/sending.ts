import type { HttpAnswer } from './http-request.ts';
import type { ServerUnderTest } from './server-under-test.ts';

/** Sends lines with the ingest key, once; whatever the answer is. */
export function trySending(
  server: ServerUnderTest,
  batch: { readonly source: string; readonly sequence: number; readonly lines: readonly string[] },
): Promise<HttpAnswer> {
  return server.ask({
    path: `/v1/events?source=${batch.source}&sequence=${batch.sequence}`,
    key: server.keys().ingest,
    headers: { 'content-type': 'application/x-ndjson' },
    body: batch.lines.join('\n'),
  });
}

/** Sends lines and gives the position of each. Throws unless all were acknowledged. */
export async function sendLines(
  server: ServerUnderTest,
  batch: { readonly source: string; readonly sequence: number; readonly lines: readonly string[] },
): Promise<string[]> {
  const answer = await trySending(server, batch);
  if (answer.status !== 200) throw new Error(`Sending was answered with ${answer.status}: ${answer.text}`);
  const { runs }: { runs: { sequence: number; log: number; index: number; count: number }[] } = JSON.parse(answer.text);
  const positions = runs
    .toSorted((a, b) => a.sequence - b.sequence)
    .flatMap(({ log, index, count }) => Array.from({ length: count }, (_, at) => `${log}/${index + at}`));
  if (positions.length !== batch.lines.length) throw new Error(`Not every line was placed: ${answer.text}`);
  return positions;
}

/** The `code` of a problem, or what was answered instead. */
export function problemCode(answer: HttpAnswer): string {
  if (answer.headers['content-type']?.includes('application/problem+json') !== true)
    return `no problem: ${answer.status} ${answer.text.slice(0, 200)}`;
  const { code, status }: { code?: unknown; status?: unknown } = JSON.parse(answer.text);
  return typeof code === 'string' && status === answer.status ? code : `a problem without code: ${answer.text}`;
}
