import { Notice } from '../../parts/notice.tsx';
import { printable } from '../../parts/printable.ts';

/** Somebody changed what says which policies are in force, or it was lost. */
export function InDoubt({
  doubt,
  comparedWith,
}: {
  /** Why nobody can tell. */
  readonly doubt: string;
  readonly comparedWith: string;
}) {
  return (
    <Notice
      tone="bad"
      title="Nobody can tell what is in force: somebody else must approve whatever takes its place, or the operator on the server"
    >
      <p>
        Why: {printable(doubt)}. This is compared with {comparedWith}.
      </p>
    </Notice>
  );
}
