import assert from 'node:assert/strict';
import { isJsonObject, parseJson } from '@sallyport/contracts';
import { decodeSegment } from '@sallyport/segment-format';
import type { Segment } from '@sallyport/segment-format';
import type { ServerUnderTest } from '@sallyport/testing/server-under-test';

export type KeptSegment = Segment & { readonly isLate: boolean };

/** Every segment the server keeps of a camera since a moment, opened, in the order of its timeline. */
export async function keptSegments(
  server: ServerUnderTest,
  camera: { readonly id: string; readonly sinceMs: number },
): Promise<KeptSegment[]> {
  const path = `/v1/cameras/${camera.id}/timeline?from_ms=${camera.sinceMs}&to_ms=${Date.now() + 60_000}`;
  const timeline = parseJson((await server.ask({ path })).text);
  const rows = isJsonObject(timeline) && Array.isArray(timeline['segments']) ? timeline['segments'] : [];
  const found: KeptSegment[] = [];
  for (const row of rows) {
    if (!isJsonObject(row)) continue;
    const answer = await fetch(`${server.address()}/v1/cameras/${camera.id}/segments/${String(row['start_ms'])}`, {
      headers: { authorization: `Bearer ${server.keys().operator}` },
    });
    assert.equal(answer.status, 200);
    found.push({ ...decodeSegment(new Uint8Array(await answer.arrayBuffer())), isLate: row['late'] === true });
  }
  return found;
}
