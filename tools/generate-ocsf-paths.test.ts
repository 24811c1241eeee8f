import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { generatedFile, generatedText, ocsfPaths } from './generate-ocsf-paths.ts';

const schema = join(import.meta.dirname, '../../shared/data/ocsf-1.8.0');

test(
  'the paths that search knows are those of the schema',
  { skip: existsSync(schema) ? false : `no ${schema}` },
  () => {
    assert.equal(readFileSync(generatedFile, 'utf8'), generatedText(ocsfPaths(schema)));
  },
);
