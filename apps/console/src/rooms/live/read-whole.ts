/** The body of an answer as it comes in; `total` where the server says it. */
export async function readWhole(
  answer: Response,
  tell: (bytes: number, total: number | undefined) => void,
): Promise<Blob> {
  const type = answer.headers.get('content-type') ?? '';
  const said = Number(answer.headers.get('content-length') ?? Number.NaN);
  const total = Number.isFinite(said) ? said : undefined;
  const reader = answer.body?.getReader();
  if (reader === undefined) return answer.blob();
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  let bytes = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return new Blob(pieces, { type });
    pieces.push(value);
    bytes += value.length;
    tell(bytes, total);
  }
}
