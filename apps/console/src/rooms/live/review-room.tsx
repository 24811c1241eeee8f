import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import type { KeyboardEvent } from 'react';
import { Link, useLocation } from 'wouter';
import { call } from '../../api/call.ts';
import { useAddress } from '../../app/address.ts';
import { EmptyRoom } from '../../parts/empty-room.tsx';
import { Loading } from '../../parts/loading.tsx';
import { plural } from '../../parts/numbers.ts';
import { ProblemNotice } from '../../parts/notice.tsx';
import { printable } from '../../parts/printable.ts';
import { RoomHead } from '../../parts/room-head.tsx';
import { playAddress, camerasQuery, momentsQuery } from './camera-queries.ts';
import type { Moment } from './camera-types.ts';
import { MomentPanel } from './moment-panel.tsx';
import { MomentRow } from './moment-row.tsx';

/** Moments worth a look, one after the other. j and k move, Enter opens the recording, x takes it off the queue. */
export function ReviewRoom() {
  const { get, change } = useAddress();
  const [, navigate] = useLocation();
  const queries = useQueryClient();
  const list = useRef<HTMLUListElement>(null);
  const state = get('state') === 'seen' ? 'seen' : 'open';
  const [camera, before] = [get('camera'), get('before')];
  const { data: cameras } = useQuery(camerasQuery);
  const query = momentsQuery({ state, camera, before });
  const { data, error, refetch } = useQuery(query);
  const moments = data?.moments ?? [];
  const at = Math.max(
    0,
    moments.findIndex(({ id }) => id === get('open')),
  );
  const open = moments[at];
  const openId = open?.id;
  const nameOf = (id: string): string => printable(cameras?.cameras.find((one) => one.id === id)?.name ?? id);
  const show = (moment: Moment | undefined): void => {
    if (moment !== undefined) change({ open: moment.id }, { replace: true });
  };
  const see = useMutation({
    mutationFn: (moment: Moment) => call('POST /v1/cameras/moments/{id}/seen', { params: { id: moment.id } }),
    onSuccess(_seen, moment) {
      // Gone from the queue at once; what comes after it is in sight.
      queries.setQueryData(query.queryKey, (known) =>
        known === undefined ? known : { ...known, moments: known.moments.filter(({ id }) => id !== moment.id) },
      );
      void queries.invalidateQueries({ queryKey: ['cameras', 'moments'] });
    },
  });
  const takeOff = (moment: Moment | undefined): void => {
    if (moment === undefined || moment.state === 'seen' || see.isPending) return;
    show(moments[at + 1] ?? moments[at - 1]);
    see.mutate(moment);
  };
  useEffect(() => {
    if (openId === undefined || list.current?.contains(document.activeElement) !== true) return;
    list.current.querySelector<HTMLElement>(`[data-moment="${openId}"]`)?.focus();
  }, [openId]);
  const onKey = (event: KeyboardEvent<HTMLElement>): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const key = event.key.toLowerCase();
    if (key === 'j' || key === 'arrowdown') show(moments[at + 1]);
    else if (key === 'k' || key === 'arrowup') show(moments[at - 1]);
    else if (key === 'enter' && event.target instanceof HTMLElement && event.target.dataset['moment'] !== undefined) {
      if (open !== undefined) navigate(playAddress(open.camera, open.from_ms));
    } else if (key === 'x') takeOff(open);
    else return;
    event.preventDefault();
  };
  return (
    <div className="room-inner wide-room">
      <RoomHead
        title="Review"
        lead={
          <span className="hint">
            Moments worth a look. <kbd>j</kbd> <kbd>k</kbd> move, <kbd>Enter</kbd> opens the recording, <kbd>x</kbd>{' '}
            seen.
          </span>
        }
      >
        <Link href="/live" className="small">
          All cameras
        </Link>
        <div className="state-filter" role="group" aria-label="Which moments">
          {(['open', 'seen'] as const).map((value) => (
            <button
              key={value}
              type="button"
              aria-pressed={state === value}
              onClick={() =>
                change({ state: value === 'open' ? undefined : value, open: undefined, before: undefined })
              }
            >
              {value === 'open' ? 'To look at' : 'Seen'}
            </button>
          ))}
        </div>
        <label className="review-camera">
          <span className="visually-hidden">Camera</span>
          <select
            className="time-input"
            value={camera ?? ''}
            onChange={(event) => change({ camera: event.currentTarget.value, open: undefined, before: undefined })}
          >
            <option value="">Every camera</option>
            {(cameras?.cameras ?? []).map(({ id, name }) => (
              <option key={id} value={id}>
                {printable(name)}
              </option>
            ))}
          </select>
        </label>
      </RoomHead>
      {error === null ? null : <ProblemNotice problem={error} retry={() => void refetch()} />}
      {see.error === null ? null : <ProblemNotice problem={see.error} />}
      {data === undefined && error === null ? <Loading heights={[64, 64, 64]} label="Asking for moments" /> : null}
      {data !== undefined && moments.length === 0 ? (
        <div className="sheet">
          <EmptyRoom
            title={state === 'open' ? 'Nothing to look at' : 'Nothing seen yet'}
            action={<Link href="/live">Back to the cameras</Link>}
          >
            {state === 'open'
              ? 'When a camera sees somebody where and when nobody should be, or something is done to it, that moment waits here until a person has looked.'
              : 'What somebody took off the queue stays here with their name.'}
          </EmptyRoom>
        </div>
      ) : null}
      {open === undefined ? null : (
        <div className="review" onKeyDown={onKey}>
          <div className="sheet flush review-side">
            <ul className="moment-list" ref={list} aria-label="Moments">
              {moments.map((moment) => (
                <MomentRow
                  key={moment.id}
                  moment={moment}
                  camera={nameOf(moment.camera)}
                  isOpen={moment.id === open.id}
                  onOpen={() => show(moment)}
                />
              ))}
            </ul>
            <p className="quiet small review-foot">
              {plural(moments.length, 'moment')}
              {data?.next === undefined ? '' : ', and older ones: '}
              {data?.next === undefined ? null : (
                <button
                  type="button"
                  className="plain-button"
                  onClick={() => change({ before: data.next, open: undefined })}
                >
                  show
                </button>
              )}
              {before === undefined ? null : (
                <button
                  type="button"
                  className="plain-button"
                  onClick={() => change({ before: undefined, open: undefined })}
                >
                  {' '}
                  Newest
                </button>
              )}
            </p>
          </div>
          <MomentPanel
            moment={open}
            camera={nameOf(open.camera)}
            isSeeing={see.isPending}
            onSeen={() => takeOff(open)}
          />
        </div>
      )}
      <p className="visually-hidden" role="status">
        {see.isSuccess ? 'Taken off the queue' : ''}
      </p>
    </div>
  );
}
