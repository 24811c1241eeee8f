import { Notice } from '../../parts/notice.tsx';
import { rotationWords } from './key-words.ts';
import type { Rotation } from './vault-query.ts';

/** The rotation under way, or the last one since the server started. */
export function RotationProgress({ rotation, nowMs }: { readonly rotation: Rotation; readonly nowMs: number }) {
  const { title, text } = rotationWords(rotation, nowMs);
  const { state, done, total } = rotation;
  return (
    <div role="status">
      <Notice tone={state === 'failed' ? 'bad' : state === 'done' ? 'good' : 'plain'} title={title}>
        <p>{text}</p>
        {state === 'running' ? (
          <div
            className="progress"
            role="progressbar"
            aria-label="How far it is"
            aria-valuenow={done}
            aria-valuemin={0}
            aria-valuemax={total}
          >
            <div style={{ width: `${total === 0 ? 0 : (done / total) * 100}%` }} />
          </div>
        ) : null}
      </Notice>
    </div>
  );
}
