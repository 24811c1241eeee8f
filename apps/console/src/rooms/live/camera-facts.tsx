import type { ReactNode } from 'react';
import { Clock } from '../../parts/clock.tsx';
import { formatAge } from '../../parts/numbers.ts';
import { printable } from '../../parts/printable.ts';
import type { CameraRow } from './camera-types.ts';
import { kindWords, objectsWords, tamperWords } from './camera-words.ts';
import { latencyWords } from './frame-age.ts';

/** What is known of a camera, shortest first. */
export function CameraFacts({ camera, nowMs }: { readonly camera: CameraRow; readonly nowMs: number }) {
  const {
    place,
    site,
    kind,
    state,
    since_ms,
    per_second,
    latency_ms,
    last_frame_ms,
    tampered,
    charging,
    stored_segments,
    position,
    address,
    problem,
  } = camera;
  const objects = objectsWords(camera.objects);
  return (
    <section className="sheet" aria-labelledby="facts">
      <h2 id="facts">Camera</h2>
      <dl className="facts">
        <Fact name="Place">{place === '' ? undefined : printable(place)}</Fact>
        <Fact name="Site">{site === '' ? undefined : printable(site)}</Fact>
        <Fact name="Kind">{kindWords(kind)}</Fact>
        <Fact name="Address">{address === undefined ? undefined : printable(address)}</Fact>
        <Fact name="Trouble">
          {problem === undefined ? undefined : <span className="warn">{printable(problem)}</span>}
        </Fact>
        <Fact name={state === 'live' ? 'Live since' : 'Away since'}>
          {since_ms === undefined ? undefined : <Clock at={since_ms} />}
        </Fact>
        <Fact name="Rate">
          {state === 'live' ? `${per_second.toFixed(per_second < 10 ? 1 : 0)} pictures a second` : undefined}
        </Fact>
        <Fact name="To the server">
          {state !== 'live'
            ? undefined
            : latency_ms === undefined
              ? 'how long is not known'
              : latencyWords(Math.max(0, latency_ms))}
        </Fact>
        <Fact name="Last picture">
          {state === 'live' || last_frame_ms === undefined ? undefined : formatAge(last_frame_ms, nowMs)}
        </Fact>
        <Fact name="Sees now">{state === 'live' ? (objects === '' ? 'nothing it knows' : objects) : undefined}</Fact>
        <Fact name="Tampered">
          {tampered === undefined ? undefined : <strong className="bad">{tamperWords(tampered)}</strong>}
        </Fact>
        <Fact name="Power">{charging === undefined ? undefined : charging ? 'charging' : 'on battery'}</Fact>
        <Fact name="Still to upload">
          {stored_segments === undefined || stored_segments === 0
            ? undefined
            : `${stored_segments} recordings on the device`}
        </Fact>
        <Fact name="Position">
          {position === undefined
            ? undefined
            : `${position.latitude.toFixed(5)}, ${position.longitude.toFixed(5)} (± ${Math.round(position.accuracy_m)} m)`}
        </Fact>
      </dl>
    </section>
  );
}

function Fact({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  if (children === undefined) return null;
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
