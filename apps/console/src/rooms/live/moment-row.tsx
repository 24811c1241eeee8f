import { Clock } from '../../parts/clock.tsx';
import { pictureAddress } from '../../parts/picture-address.ts';
import { printable } from '../../parts/printable.ts';
import type { Moment } from './camera-types.ts';
import { momentTone, momentWords } from './camera-words.ts';
import { MomentShape } from './timeline-drawing.tsx';

/** One moment in the queue: a small picture, what, where, when. */
export function MomentRow({
  moment,
  camera,
  isOpen,
  onOpen,
}: {
  readonly moment: Moment;
  readonly camera: string;
  readonly isOpen: boolean;
  readonly onOpen: () => void;
}) {
  return (
    <li
      tabIndex={isOpen ? 0 : -1}
      data-moment={moment.id}
      data-open={isOpen}
      aria-current={isOpen}
      className="moment-row"
      onClick={onOpen}
    >
      {moment.picture === undefined ? (
        <span className="moment-thumb" data-empty="true" aria-hidden="true" />
      ) : (
        <img className="moment-thumb" src={pictureAddress(moment.picture)} alt="" loading="lazy" decoding="async" />
      )}
      <span className="moment-what">
        <strong>
          <MomentShape tone={momentTone(moment)} /> {printable(momentWords(moment))}
          {moment.count > 1 ? <span className="quiet"> ×{moment.count}</span> : null}
        </strong>
        <span className="quiet small">
          {camera} · <Clock at={moment.from_ms} />
        </span>
      </span>
    </li>
  );
}
