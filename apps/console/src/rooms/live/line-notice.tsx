import { Notice } from '../../parts/notice.tsx';
import type { LineState } from './live-frames.ts';

/** Said once for the whole page, and aloud: every picture on it stands still. */
export function LineNotice({ line }: { readonly line: LineState }) {
  return (
    <div role="status" className="line-status">
      {line === 'cut' ? (
        <Notice tone="warn" title="No connection to the server: the pictures below are not live">
          <p>It is tried again by itself. Cameras go on recording meanwhile.</p>
        </Notice>
      ) : null}
    </div>
  );
}
