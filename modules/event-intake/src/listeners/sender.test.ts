import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { createTestAuthority } from '@sallyport/testing/test-authority';
import fc from 'fast-check';
import { addressSender, certificateSender, ownerOf, sourceNameOf } from './sender.ts';

const authority = createTestAuthority();
const senderOf = (commonName: string, dnsName?: string): ReturnType<typeof certificateSender> =>
  certificateSender(
    new X509Certificate(authority.issue({ commonName, ...(dnsName !== undefined && { dnsName }) }).cert),
    '10.0.0.1',
  );

test('a certificate names its sender: by its DNS name, else its common name', () => {
  assert.equal(senderOf('somebody', 'web-1.example').name, 'web-1.example');
  assert.equal(senderOf('web-2').name, 'web-2');
  assert.equal(sourceNameOf(addressSender('10.0.0.7')), '10.0.0.7');
  assert.equal(sourceNameOf(addressSender('fd00::7')), 'fd00--7');
});

test('no certificate can pose as an address, nor as another by characters that no source has', () => {
  const posing = senderOf('10.0.0.7');
  assert.equal(sourceNameOf(posing), '10.0.0.7');
  assert.notEqual(ownerOf(posing).id, ownerOf(addressSender('10.0.0.7')).id);
  const names = [senderOf('web_1'), senderOf('web 1'), senderOf('web*1')].map(sourceNameOf);
  assert.equal(new Set(names).size, 3, names.join());
  // Nor under the name that is made of another's, nor as the crowd.
  const made = sourceNameOf(senderOf('web 1'));
  assert.notEqual(sourceNameOf(senderOf('x', made)), made);
  const nameless = sourceNameOf(senderOf('***'));
  assert.notEqual(sourceNameOf(senderOf(nameless)), nameless);
  assert.notEqual(sourceNameOf(senderOf('others')), 'others');
});

test('whatever a certificate is called, its source has a name that can be, and different ones differ', () => {
  const sourceOf = (name: string): string => sourceNameOf({ kind: 'certificate', name, address: '' });
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), fc.string({ maxLength: 200 }), (one, other) => {
      assert.match(sourceOf(one), /^[A-Za-z0-9][\w.-]{0,63}$/);
      assert.equal(sourceOf(one) === sourceOf(other), one === other);
    }),
  );
});
