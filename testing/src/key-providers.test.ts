import assert from 'node:assert/strict';
import { readFileSync, readdirSync, rmSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { createServerUnderTest } from './server-under-test.ts';
import { createSoftHsm, softHsmMissing } from './soft-hsm.ts';

test(
  'a server whose master key is in an HSM starts with the HSM alone, and does not spend PIN tries',
  { skip: softHsmMissing },
  async (context) => {
    const server = createServerUnderTest();
    context.after(async () => server.end());
    const place = join(server.directory, 'hsm');
    mkdirSync(place);
    const { module, serials, pin, pinFile, environment } = createSoftHsm(place);
    const file = join(place, 'providers.json');
    const pkcs11 = { module, token_serial: serials[0], pin_file: pinFile, environment };
    writeFileSync(file, JSON.stringify({ first: ['pkcs11'], pkcs11 }));
    await server.start('--key-provider', file);
    const [log, head] = (await server.health()).head.split('/').map(Number);
    server.kill('supervisor', 'server', 'sealer', 'store');
  await server.ended(60_000);

    const vault = readdirSync(join(server.dataDirectory, 'vault')).map((name) =>
      readFileSync(join(server.dataDirectory, 'vault', name), 'latin1'),
    );
    assert.ok(vault.join('').includes('"provider":"pkcs11"'));
    assert.ok(!vault.join('').includes(pin));

    const before = server.output().length;
    writeFileSync(pinFile, 'wrong-pin\n', { mode: 0o600 });
    server.launch('--key-provider', file);
    assert.notEqual(await server.ended(60_000), 0);
    const refusal = server.output().slice(before);
    assert.match(refusal, /provider_refused: Cannot log in to token/);
    assert.match(refusal, /hint: check the PIN file/);
    assert.equal([...refusal.matchAll(/CKR_PIN_INCORRECT/g)].length <= 2, true, 'told twice, tried once');
    assert.ok(!refusal.includes('starting it again in'), 'a refusal is not tried again and again');

    writeFileSync(pinFile, `${pin}\n`, { mode: 0o600 });
    rmSync(join(server.environment['HOME'] ?? '', '.config'), { recursive: true, force: true });
    await server.start('--key-provider', file);
    const [sameLog, laterHead] = (await server.health()).head.split('/').map(Number);
    assert.ok(sameLog === log && (laterHead ?? 0) >= (head ?? 1));
  },
);
