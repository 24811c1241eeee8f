import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import type { AlertDetails, Me } from '../../api/queries.ts';
import { may } from '../../app/rooms.ts';
import { Clock } from '../../parts/clock.tsx';
import { pictureAddress } from '../../parts/picture-address.ts';
import { printable } from '../../parts/printable.ts';
import { camerasQuery, playAddress } from '../live/camera-queries.ts';

/** What the camera saw when it fired, and what it had seen just before. */
export function AlertPicture({ alert, me }: { readonly alert: AlertDetails; readonly me: Me }) {
  const mayLook = may(me, 'cameras:read');
  const { data } = useQuery({ ...camerasQuery, enabled: mayLook && alert.camera !== undefined });
  if (alert.camera === undefined && alert.picture === undefined) return null;
  const name = data?.cameras.find(({ id }) => id === alert.camera)?.name;
  const camera = name === undefined ? 'the camera' : printable(name);
  return (
    <section aria-labelledby="picture">
      <div className="row spread">
        <h3 id="picture">What {camera} saw</h3>
        {alert.camera === undefined || !mayLook ? null : (
          <span className="row small">
            <Link href={playAddress(alert.camera, Date.parse(alert.last_seen_at))}>Play from here</Link>
            <Link href={`/live/${encodeURIComponent(alert.camera)}`}>See it live</Link>
          </span>
        )}
      </div>
      {mayLook ? (
        <div className="alert-pictures">
          {alert.picture_before === undefined || alert.picture_before === alert.picture ? null : (
            <figure>
              <img src={pictureAddress(alert.picture_before)} alt={`What ${camera} saw before`} />
              <figcaption className="quiet small">The last one before</figcaption>
            </figure>
          )}
          {alert.picture === undefined ? (
            <p className="quiet">No picture was kept.</p>
          ) : (
            <figure>
              <img src={pictureAddress(alert.picture)} alt={`${printable(alert.title)}, as ${camera} saw it`} />
              <figcaption className="quiet small">
                When it {alert.count === 1 ? '' : 'first '}fired, <Clock at={alert.first_seen_at} />
              </figcaption>
            </figure>
          )}
          <LastPictures alert={alert} camera={camera} />
        </div>
      ) : (
        <p className="quiet small">Your role may not look through cameras.</p>
      )}
    </section>
  );
}

/** The same of the newest finding, where there were several. */
function LastPictures({ alert, camera }: { readonly alert: AlertDetails; readonly camera: string }) {
  const { last_picture: picture, last_picture_before: before } = alert;
  if (picture === undefined) return null;
  return (
    <>
      {before === undefined || before === picture ? null : (
        <figure>
          <img src={pictureAddress(before)} alt={`What ${camera} saw before the last time`} />
          <figcaption className="quiet small">Before the last time</figcaption>
        </figure>
      )}
      <figure>
        <img src={pictureAddress(picture)} alt={`${printable(alert.title)}, as ${camera} saw it last`} />
        <figcaption className="quiet small">
          When it last fired, <Clock at={alert.last_seen_at} />
        </figcaption>
      </figure>
    </>
  );
}
