import { Modal } from '@mantine/core';
import { Suspense, lazy, useEffect, useState } from 'react';
import { onProofRequested } from '../../api/step-up.ts';
import type { ProofRequest } from '../../api/step-up.ts';
import { Loading } from '../../parts/loading.tsx';

const StepUpForm = lazy(async () => ({ default: (await import('./step-up-form.tsx')).StepUpForm }));

/** “Confirm that it is you”: one dialog, however many requests wait for it. */
export function StepUp() {
  const [waiting, setWaiting] = useState<readonly ProofRequest[]>([]);
  useEffect(() => onProofRequested((request) => setWaiting((before) => [...before, request])), []);
  const finish = (isProved: boolean): void => {
    for (const { answer } of waiting) answer(isProved);
    setWaiting([]);
  };
  return (
    <Modal
      opened={waiting.length > 0}
      onClose={() => finish(false)}
      title="Confirm that it is you"
      centered
      zIndex={400}
    >
      <Suspense fallback={<Loading heights={[24, 48]} />}>
        {waiting[0] === undefined ? null : (
          <StepUpForm purpose={waiting[0].purpose} onProved={() => finish(true)} onCancel={() => finish(false)} />
        )}
      </Suspense>
    </Modal>
  );
}
