import type { Answer } from '../../api/call.ts';

export type Line = Answer<'GET /v1/policy/differences'>['documents'][number]['lines'][number];

/** Lines of two texts in rows: what stayed beside itself, what went beside what came in its place. */
export function besideEachOther(
  lines: readonly Line[],
): readonly { readonly left: Line | undefined; readonly right: Line | undefined }[] {
  const rows: { left: Line | undefined; right: Line | undefined }[] = [];
  let gone: Line[] = [];
  let came: Line[] = [];
  const close = (): void => {
    for (let place = 0; place < Math.max(gone.length, came.length); place += 1)
      rows.push({ left: gone[place], right: came[place] });
    gone = [];
    came = [];
  };
  for (const line of lines) {
    if (line.kind === 'removed') gone.push(line);
    else if (line.kind === 'added') came.push(line);
    else {
      close();
      rows.push({ left: line, right: line });
    }
  }
  close();
  return rows;
}
