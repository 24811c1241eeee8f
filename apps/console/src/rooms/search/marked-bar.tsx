import { Button } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { plural } from '../../parts/numbers.ts';
import { sealQuery } from '../../seal/seal-query.ts';

/** What can be done with the rows marked by x. */
export function MarkedBar({ marked, onClear }: { readonly marked: ReadonlySet<string>; readonly onClear: () => void }) {
  const queries = useQueryClient();
  const check = useMutation({
    async mutationFn() {
      let broken = 0;
      // One after the other: each is a proof of its own to fetch and compute.
      for (const position of marked) {
        const { result } = await queries.query(sealQuery(position));
        if (!result.ok) broken += 1;
      }
      return broken;
    },
  });
  if (marked.size === 0) return null;
  return (
    <div className="bulk-bar row" role="group" aria-label="Marked events">
      <strong>{plural(marked.size, 'event')} marked</strong>
      <Button size="xs" variant="default" loading={check.isPending} onClick={() => check.mutate()}>
        Check their seals
      </Button>
      <Button size="xs" variant="subtle" onClick={onClear}>
        Clear
      </Button>
      <span className="small" role="status">
        {check.data === undefined
          ? ''
          : check.data === 0
            ? 'All verify in this browser.'
            : `${check.data} do not verify.`}
        {check.error === null ? '' : check.error.message}
      </span>
    </div>
  );
}
