import { Button } from '@mantine/core';
import { useEffect, useRef } from 'react';
import { Fingerprint } from '../../parts/fingerprint.tsx';
import { Notice } from '../../parts/notice.tsx';
import type { CameraCertificate } from './camera-certificate.ts';

/** The question whether a certificate that nobody vouches for is that of the camera. */
export function TrustCertificate({
  certificate: { fingerprint, wasChanged },
  isAdding,
  onTrust,
}: {
  readonly certificate: CameraCertificate;
  readonly isAdding: boolean;
  readonly onTrust: () => void;
}) {
  const question = useRef<HTMLDivElement>(null);
  // In a narrow window it would stand below what is seen.
  useEffect(() => {
    question.current?.scrollIntoView({ block: 'nearest' });
  }, []);
  return (
    <div ref={question}>
      <Notice
        tone="warn"
        title={wasChanged ? 'The camera shows yet another certificate' : 'Is this the certificate of your camera?'}
      >
        <p>
          {wasChanged
            ? 'Somebody may stand between this server and the camera. Find out before you trust it.'
            : 'Nobody known to this server vouches for it, as with most cameras. Compare it with what the camera shows in its own settings: somebody in between would show another. No password was sent yet.'}
        </p>
        <Fingerprint value={fingerprint} label="SHA-256 fingerprint of the certificate" />
        <p>
          <Button type="button" variant="default" loading={isAdding} onClick={onTrust}>
            Trust this certificate and add it
          </Button>
        </p>
      </Notice>
    </div>
  );
}
