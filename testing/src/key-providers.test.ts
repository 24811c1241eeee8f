import assert from 'node:assert/strict';
import { readFileSync, readdirSync, rmSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { createServerUnderTest } from './server-under-test.ts';
import { createSoftHsm, softHsmMissing } from './soft-hsm.ts';
import { eventually } from './waiting.ts';

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

    // Refused before there is anything: one server less to bring up than refusing one that was up.
    writeFileSync(pinFile, 'wrong-pin\n', { mode: 0o600 });
    server.launch('--key-provider', file);
    assert.notEqual(await server.ended(60_000), 0);
    const refusal = server.output();
    assert.match(refusal, /provider_refused: Cannot log in to token/);
    assert.match(refusal, /hint: check the PIN file/);
    assert.equal([...refusal.matchAll(/CKR_PIN_INCORRECT/g)].length <= 2, true, 'told twice, tried once');
    assert.ok(!refusal.includes('starting it again in'), 'a refusal is not tried again and again');

    writeFileSync(pinFile, `${pin}\n`, { mode: 0o600 });
    await server.start('--key-provider', file);
    const { head } = await server.health();
    const vault = readdirSync(join(server.dataDirectory, 'vault'), { withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => readFileSync(join(parentPath, name), 'latin1'));
    assert.ok(vault.join('').includes('"provider":"pkcs11"'));
    assert.ok(!vault.join('').includes(pin));

    rmSync(join(server.environment['HOME'] ?? '', '.config'), { recursive: true, force: true });
    rmSync(server.environment['XDG_CONFIG_HOME'] ?? '', { recursive: true, force: true });
    // Only the process that opens the vault: the server starts another, and nothing else of a start asks for a key.
    const former = server.pid('sealer');
    assert.deepEqual(server.kill('sealer'), ['sealer']);
    const again = await eventually({
      what: 'the vault is open again',
      timeoutMs: 120_000,
      everyMs: 50,
      async look() {
        const health = await server.health().catch(() => undefined);
        return health?.ledger.up === true && health.processes.sealer.pid !== former ? health : undefined;
      },
      describe: () => server.output().slice(-4000),
    });
    const [log, size] = head.split('/').map(Number);
    const [sameLog, laterSize] = again.head.split('/').map(Number);
    assert.ok(sameLog === log && (laterSize ?? 0) >= (size ?? 1));

    // The wrong PIN met by a sealer that is started again under a running server: one try, and then the server ends too.
    const before = server.output().length;
    writeFileSync(pinFile, 'wrong-pin\n', { mode: 0o600 });
    assert.deepEqual(server.kill('sealer'), ['sealer']);
    assert.equal(await server.ended(120_000), 78);
    const end = server.output().slice(before);
    assert.match(end, /^provider_refused: Cannot log in to token[^]*\nhint: check the PIN file/m);
    assert.equal([...end.matchAll(/CKR_PIN_INCORRECT/g)].length <= 2, true, 'told twice, tried once');
  },
);
