import { Button } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { call } from '../../api/call.ts';
import type { Request } from '../../api/call.ts';
import { Notice, ProblemNotice } from '../../parts/notice.tsx';
import { camerasQuery } from './camera-queries.ts';
import type { CameraRow } from './camera-types.ts';
import { tamperSentence } from './camera-words.ts';

type Told = NonNullable<NonNullable<Request<'POST /v1/cameras/{id}/view'>['body']>['tampered']>;

/** What ends with the next clear picture by itself, whatever the camera looks at, is not accepted. */
const acceptable: readonly Told[] = ['moved', 'covered', 'black', 'blurred', 'dazzled'];

/** What is told of a camera, and the way out where it was done on purpose: what it shows now is its view. */
export function CameraTampered({ camera, canAccept }: { readonly camera: CameraRow; readonly canAccept: boolean }) {
  const queries = useQueryClient();
  /** What the question was about: told something else meanwhile, it is another question. */
  const [asked, setAsked] = useState<Told>();
  const accept = useMutation({
    mutationFn: (tampered: Told) =>
      call('POST /v1/cameras/{id}/view', { params: { id: camera.id }, body: { tampered } }),
    onSuccess: () => setAsked(undefined),
    onSettled: () => queries.invalidateQueries({ queryKey: camerasQuery.queryKey }),
  });
  const told = acceptable.find((kind) => kind === camera.tampered);
  if (camera.tampered === undefined)
    return accept.data?.ended === undefined ? null : (
      <p className="small" role="status">
        ✓ This is its view from now on. It learns what is usual there with the next pictures, in a few seconds.
      </p>
    );
  return (
    <Notice tone="bad" title={tamperSentence(camera.tampered)}>
      {told === undefined ? null : canAccept ? (
        <>
          <p className="small">
            Was it done on purpose, and is it to look there from now on? Then have it learn this view: the alarm ends,
            and what it shows now is what later pictures are compared with. Clear the lens first: a covered lens that is
            accepted is told no more.
          </p>
          {asked === told ? (
            <div className="row">
              <Button color="red" loading={accept.isPending} onClick={() => accept.mutate(told)}>
                Yes, learn what it shows now
              </Button>
              <Button variant="default" onClick={() => setAsked(undefined)}>
                Do not
              </Button>
            </div>
          ) : (
            <div className="row">
              <Button variant="default" onClick={() => setAsked(told)}>
                This is the new view…
              </Button>
            </div>
          )}
        </>
      ) : (
        <p className="small">Was it done on purpose? Somebody who manages cameras can have it learn the new view.</p>
      )}
      {accept.error === null ? null : <ProblemNotice problem={accept.error} />}
    </Notice>
  );
}
