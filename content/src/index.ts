import { join } from 'node:path';

/** Absolute path of the directory with the bundled Sigma rules (`*.yml`, each with its `*.test.json`). */
export const rulesDirectory: string = join(import.meta.dirname, '..', 'rules');

/** Absolute path of the directory with the mappings to OCSF (`*.yaml`, each with its `*.test.json`). */
export const mappingsDirectory: string = join(import.meta.dirname, '..', 'mappings');

/** Absolute path of the directory with the registry of detection models (`*.json`): where each is from, and its hashes. */
export const modelsDirectory: string = join(import.meta.dirname, '..', 'models');

/** Absolute path of the directory in which `tools/fetch-weights.mjs` lays the weights of models; it may not be there. */
export const fetchedWeightsDirectory: string = join(modelsDirectory, '.cache');

/** Absolute path of the directory with the access policies (`*.cedar`) and their schema (`schema.cedarschema`). */
export const policiesDirectory: string = join(import.meta.dirname, '..', 'policies');

/** Absolute path of the file with the rules on what nobody may hold together (`readSeparationRules`). */
export const separationFile: string = join(import.meta.dirname, '..', 'privileges', 'separation.json');

/** Absolute path of the directory with the made-up scenarios (`*.json`, see `parseScenario`). */
export const scenariosDirectory: string = join(import.meta.dirname, '..', 'demo');

/** Absolute path of the directory with the recipes for senders (`*.yaml`, in the order they are shown). */
export const recipesDirectory: string = join(import.meta.dirname, '..', 'recipes');

export { parseScenario } from './scenario.ts';
export type { Scenario, ScenarioStep } from './scenario.ts';

/** A bundled rule file. `file` is relative to `rulesDirectory`, with `/`. */
export type BundledRuleFile = { readonly file: string; readonly text: string };

export type BundledRulesNeeds = {
  /** Paths of all files below a directory, relative to it. */
  readonly listFiles: (directory: string) => Promise<readonly string[]>;
  readonly readText: (path: string) => Promise<string>;
};

/** A bundled file of mappings, or a recipe. `name` is relative to its directory, with `/`. */
export type BundledMappingFile = { readonly name: string; readonly text: string };

/** The texts of all bundled mappings, ordered by file. Compiling them is the caller's business. */
export async function loadBundledMappings(needs: BundledRulesNeeds): Promise<BundledMappingFile[]> {
  return loadYaml(mappingsDirectory, needs);
}

/** The texts of all recipes for senders, in the order they are shown. Reading them is the caller's business. */
export async function loadBundledRecipes(needs: BundledRulesNeeds): Promise<BundledMappingFile[]> {
  return loadYaml(recipesDirectory, needs);
}

async function loadYaml(directory: string, needs: BundledRulesNeeds): Promise<BundledMappingFile[]> {
  const files = (await needs.listFiles(directory)).filter((file) => /\.ya?ml$/.test(file)).toSorted();
  return Promise.all(
    files.map(async (file) => ({
      name: file.replaceAll('\\', '/'),
      text: await needs.readText(join(directory, file)),
    })),
  );
}

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
