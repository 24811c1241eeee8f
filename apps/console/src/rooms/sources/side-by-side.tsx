import type { ReactNode } from 'react';

/** What came, and what was made of it. */
export function SideBySide({ original, normalised }: { readonly original: ReactNode; readonly normalised: ReactNode }) {
  return (
    <div className="side-by-side">
      <div className="stack tight">
        <h3>As received</h3>
        {original}
      </div>
      <div className="stack tight">
        <h3>Normalised, OCSF</h3>
        {normalised}
      </div>
    </div>
  );
}

/** JSON spread over lines; other text as it is. */
export function indented(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
