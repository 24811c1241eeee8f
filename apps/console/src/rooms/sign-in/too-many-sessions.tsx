import { Button, Modal } from '@mantine/core';
import { useEffect, useState } from 'react';
import { onTooMany } from '../../api/too-many-sessions.ts';
import type { TooMany } from '../../api/too-many-sessions.ts';
import { plural } from '../../parts/numbers.ts';

/** “You are signed in elsewhere”: whichever way they came, before the session that would be one too many. */
export function TooManySessions() {
  const [asked, setAsked] = useState<TooMany>();
  useEffect(() => onTooMany(setAsked), []);
  const finish = (mayEnd: boolean): void => {
    asked?.answer(mayEnd);
    setAsked(undefined);
  };
  return (
    <Modal
      opened={asked !== undefined}
      onClose={() => finish(false)}
      title="You are signed in elsewhere"
      centered
      zIndex={400}
    >
      <div className="stack">
        <p>
          Your roles allow {plural(asked?.most ?? 1, 'session')} at a time, and that many are open already. To come in
          here, the oldest must end: whatever is unsaved there is lost. If it was not you who opened it, let it end and
          change your password.
        </p>
        <div className="row">
          <Button data-autofocus onClick={() => finish(true)}>
            End the oldest and go on
          </Button>
          <Button variant="default" onClick={() => finish(false)}>
            Cancel
          </Button>
        </div>
      </div>
    </Modal>
  );
}
