import { Notice } from '../../../parts/notice.tsx';
import type { Approvals } from './approvals-query.ts';
import { outcomeWords } from './approval-words.ts';

/** What a link to one question leads to where it waits no more. */
export function AskedFor({ id, approvals }: { readonly id: string; readonly approvals: Approvals }) {
  if (approvals.waiting.some((one) => one.id === id)) return null;
  return (
    <Notice tone="warn" title="The question you came for waits no more">
      <p>
        {approvals.answered.some((one) => one.id === id)
          ? outcomeWords(approvals.answered.find((one) => one.id === id))
          : 'It is over, or it is not yours to see.'}
      </p>
    </Notice>
  );
}
