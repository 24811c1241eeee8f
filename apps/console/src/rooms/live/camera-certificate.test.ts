import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Problem } from '../../api/problem.ts';
import { untrustedCertificate } from './camera-certificate.ts';

const problem = (code: string, fingerprint: unknown): Problem =>
  new Problem('no', { code, status: 409, details: new Map([['tls_fingerprint', fingerprint]]) });

test('A certificate to be judged is told from every other problem', () => {
  const fingerprint = 'AB:CD';
  assert.deepEqual(untrustedCertificate(problem('camera_certificate_untrusted', fingerprint)), {
    fingerprint,
    wasChanged: false,
  });
  assert.equal(untrustedCertificate(problem('camera_certificate_changed', fingerprint))?.wasChanged, true);
  for (const other of [
    problem('camera_limit', fingerprint),
    problem('camera_certificate_untrusted', 7),
    new Error('no'),
    null,
  ])
    assert.equal(untrustedCertificate(other), undefined);
});
