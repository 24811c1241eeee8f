import { join } from 'node:path';

/** Absolute path of the directory with the bundled Sigma rules (`*.yml`, each with its `*.test.json`). */
export const rulesDirectory: string = join(import.meta.dirname, '..', 'rules');

/** Absolute path of the directory with the access policies (`*.cedar`) and their schema (`schema.cedarschema`). */
export const policiesDirectory: string = join(import.meta.dirname, '..', 'policies');

/** Absolute path of the directory with the made-up scenarios (`*.json`, see `parseScenario`). */
export const scenariosDirectory: string = join(import.meta.dirname, '..', 'demo');

export { parseScenario } from './scenario.ts';
export type { Scenario, ScenarioStep } from './scenario.ts';

/** A bundled rule file. `file` is relative to `rulesDirectory`, with `/`. */
export type BundledRuleFile = { readonly file: string; readonly text: string };

export type BundledRulesNeeds = {
  /** Paths of all files below a directory, relative to it. */
  readonly listFiles: (directory: string) => Promise<readonly string[]>;
  readonly readText: (path: string) => Promise<string>;
};

/** The texts of all bundled rules, ordered by file. Parsing them is the caller's business. */
export async function loadBundledRules(needs: BundledRulesNeeds): Promise<BundledRuleFile[]> {
  const files = (await needs.listFiles(rulesDirectory)).filter((file) => file.endsWith('.yml')).toSorted();
  return Promise.all(
    files.map(async (file) => ({
      file: file.replaceAll('\\', '/'),
      text: await needs.readText(join(rulesDirectory, file)),
    })),
  );
}
