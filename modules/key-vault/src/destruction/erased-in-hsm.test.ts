// A whole backup of the vault, put back with everything but the token, which is as it is now, opens nothing.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createSecret } from '@sallyport/platform/secret';
import { createSoftHsm, softHsmMissing } from '@sallyport/testing/soft-hsm';
import { loadCryptoki } from '../providers/pkcs11/load-cryptoki.ts';
import { createPkcs11Provider } from '../providers/pkcs11/pkcs11-provider.ts';
import { elsewhere, fillDays, openHouse, twoPeople } from './destruction-testing.ts';

test(
  'erased stays erased: with an HSM, not even a full backup of the vault opens any more',
  { skip: softHsmMissing },
  async (context) => {
    const root = mkdtempSync(join(tmpdir(), 'sallyport-hsm-'));
    context.after(() => rmSync(root, { recursive: true }));
    const hsm = createSoftHsm(root);
    process.env['SOFTHSM2_CONF'] = hsm.environment.SOFTHSM2_CONF;
    const provider = createPkcs11Provider({
      loadLibrary: async () => loadCryptoki(hsm.module),
      serial: hsm.serials[0],
      readPin: () => createSecret(hsm.pin),
      copies: 'none',
    });
    context.after(async () => provider.close());
    const house = await openHouse({ waitMs: 0, provider: ['pkcs11', provider] });
    const [erased = '', kept = ''] = fillDays(house.vault, 3);
    const { ada, grace } = await twoPeople(house.desk);
    const backup = new Map(house.disk);
    assert.ok(
      (await openHouse({ ...house, disk: new Map(backup), provider: ['pkcs11', provider] })).vault.findKey(erased),
    );

    const { id, digest } = await house.desk.propose({ kind: 'request', keyIds: [erased], reason: 'erasure 7' }, 'ada');
    await house.desk.sign(id, ada.sign(digest));
    await house.desk.sign(id, grace.sign(digest));
    await elsewhere().stepWith(house.desk);
    const { statement } = house.desk.certificate(id);
    assert.match(JSON.stringify(statement['master_keys']), /"presence":"absent"/);
    // SoftHSM keeps its keys in files, and the certificate claims no more than that.
    assert.match(JSON.stringify(statement['master_keys']), /"destruction":"not-provable"/);

    const outside = { known: undefined, isRestored: true };
    await assert.rejects(openHouse({ ...house, disk: backup, outside, provider: ['pkcs11', provider] }));
    const again = await openHouse({ ...house, provider: ['pkcs11', provider] });
    assert.ok(again.vault.isDestroyed(erased));
    assert.ok(again.vault.findKey(kept) !== undefined);
  },
);
