import { Button } from '@mantine/core';
import { Link } from 'wouter';
import { Clock } from '../../parts/clock.tsx';
import { pictureAddress } from '../../parts/picture-address.ts';
import { printable } from '../../parts/printable.ts';
import { formatSpan } from '../../parts/span.ts';
import { playAddress } from './camera-queries.ts';
import type { Moment } from './camera-types.ts';
import { momentWords } from './camera-words.ts';

/** The moment that is looked at, large. */
export function MomentPanel({
  moment,
  camera,
  isSeeing,
  onSeen,
}: {
  readonly moment: Moment;
  readonly camera: string;
  readonly isSeeing: boolean;
  readonly onSeen: () => void;
}) {
  const words = printable(momentWords(moment));
  const lastedMs = moment.to_ms - moment.from_ms;
  return (
    <section className="sheet moment-panel" aria-label={`Moment: ${words}`}>
      {moment.picture === undefined ? (
        <div className="moment-picture" data-empty="true">
          <span>No picture was kept of this moment</span>
        </div>
      ) : (
        <img className="moment-picture" src={pictureAddress(moment.picture)} alt={`${words}, seen by ${camera}`} />
      )}
      <div className="row spread">
        <div>
          <h2>{words}</h2>
          <p className="quiet small">
            {camera} · <Clock at={moment.from_ms} short={false} />
            {lastedMs >= 1000 ? `, for ${formatSpan(lastedMs)}` : ''}
            {moment.kind === 'appeared' ? ` · worth a look: ${Math.round(moment.score * 100)} %` : ''}
          </p>
        </div>
        <div className="row">
          <Link href={playAddress(moment.camera, moment.from_ms)} className="primary-link quiet-link">
            Play from here
          </Link>
          {moment.state === 'open' ? (
            <Button loading={isSeeing} onClick={onSeen}>
              Seen
            </Button>
          ) : (
            <span className="quiet small">
              ✓ seen{moment.by === undefined ? '' : ` by ${printable(moment.by.name)}`}
            </span>
          )}
        </div>
      </div>
    </section>
  );
}
