/** More than the largest bundle of entries; what a server sends beyond it is never held. */
const maxFileBytes = 64 * 1024 * 1024;

/** The body of an answer, or an error as soon as it is longer than any file of a log. */
export async function readBounded(
  response: Pick<Response, 'body'>,
  path: string,
  maxBytes: number = maxFileBytes,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  const reader = response.body?.getReader();
  for (;;) {
    const next = await reader?.read();
    if (next === undefined || next.done) break;
    length += next.value.length;
    if (length > maxBytes) {
      await reader?.cancel();
      throw new Error(`The server sent more than ${maxBytes} bytes for ${path}`);
    }
    chunks.push(next.value);
  }
  const whole = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}
