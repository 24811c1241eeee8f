import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { generatedFile, generatedText, schemaTable } from './generate-ocsf-schema.ts';

const source = join(import.meta.dirname, '..', '..', 'shared', 'data', 'ocsf-1.8.0');
const skip = existsSync(source) ? false : 'the OCSF schema source is not beside the checkout';

test('the committed table is what the schema source gives', { skip }, () => {
  assert.equal(readFileSync(generatedFile, 'utf8'), generatedText(schemaTable(source)));
});

test(
  'inherited, extended and profile attributes are in the table, and what the class requires is marked',
  { skip },
  () => {
    const lines = schemaTable(source).split('\n');
    const authentication = lines.find((line) => line.startsWith('class 3002 ')) ?? '';
    assert.match(authentication, /^class 3002 authentication\|service\|dst_endpoint /);
    assert.match(authentication, / \*user:user /);
    assert.match(authentication, / logon_type_id:integer\.\([\d,]+\)/);
    assert.ok(lines.some((line) => line.startsWith('class 201001 registry_key_activity')));
    assert.match(lines.find((line) => line.startsWith('object user|')) ?? '', /^object user\|account\|name\|uid /);
  },
);
