import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import type { Me } from '../../api/queries.ts';
import { useAddress } from '../../app/address.ts';
import { may } from '../../app/rooms.ts';
import { Loading } from '../../parts/loading.tsx';
import { ProblemNotice } from '../../parts/notice.tsx';
import { plural } from '../../parts/numbers.ts';
import { RoomHead } from '../../parts/room-head.tsx';
import { AddCamera } from './add-camera.tsx';
import { camerasQuery, momentsQuery } from './camera-queries.ts';
import type { CameraRow } from './camera-types.ts';
import { NoCameras } from './no-cameras.tsx';
import { Wall } from './wall.tsx';

/** What the cameras see now. */
export function LiveRoom({ me }: { readonly me: Me }) {
  const { get, change } = useAddress();
  const { data, error, refetch } = useQuery(camerasQuery);
  const mayManage = may(me, 'cameras:manage');
  return (
    <div className="room-inner wide-room">
      <RoomHead title="Live" lead={data === undefined ? undefined : leadOf(data.cameras)}>
        <ReviewLink />
        {mayManage && data !== undefined && data.cameras.length > 0 ? (
          <button type="button" className="primary-link" onClick={() => change({ add: '1' })}>
            Add a camera
          </button>
        ) : null}
      </RoomHead>
      {error === null ? null : <ProblemNotice problem={error} retry={() => void refetch()} />}
      {data === undefined && error === null ? (
        <Loading heights={[40, 320, 320]} label="Asking which cameras there are" />
      ) : null}
      {data?.cameras.length === 0 ? <NoCameras me={me} onAdd={() => change({ add: '1' })} /> : null}
      {data === undefined || data.cameras.length === 0 ? null : <Wall cameras={data.cameras} />}
      {mayManage ? <AddCamera me={me} opened={get('add') === '1'} onClose={() => change({ add: undefined })} /> : null}
    </div>
  );
}

function ReviewLink() {
  const { data } = useQuery(momentsQuery({ state: 'open' }));
  const count = data?.moments.length ?? 0;
  return (
    <Link href="/live/review" className="primary-link quiet-link">
      Review
      {count === 0 ? null : (
        <span className="count-tag">
          {count}
          {data?.next === undefined ? '' : '+'} <span className="visually-hidden">moments to look at</span>
        </span>
      )}
    </Link>
  );
}

function leadOf(cameras: readonly CameraRow[]): string {
  if (cameras.length === 0) return 'What the cameras see now, with nothing between you and it.';
  const away = cameras.filter(({ state }) => state !== 'live').length;
  const tampered = cameras.filter(({ tampered }) => tampered !== undefined).length;
  const parts = [
    away === 0
      ? `${plural(cameras.length, 'camera')}, all live`
      : `${plural(cameras.length, 'camera')}, ${away} not live`,
    ...(tampered === 0 ? [] : [`${tampered} tampered with`]),
  ];
  return `${parts.join(', ')}.`;
}
