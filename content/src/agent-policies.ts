import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A policy file for AI agents. `name` is its file name: `developer.cedar`. */
export type AgentPolicyFile = { readonly name: string; readonly text: string };

/** Absolute path of the directory with the packs, each with its `*.test.json`. */
export const agentPoliciesDirectory: string = fileURLToPath(new URL('../agent-policies/', import.meta.url));

/** The schema (`schema.cedarschema`) and the packs (`*.cedar`), ordered by name. In a bundle they are part of the program. */
export function agentPolicyFiles(): AgentPolicyFile[] {
  return readdirSync(agentPoliciesDirectory)
    .filter((name) => /\.cedar(?:schema)?$/.test(name))
    .toSorted()
    .map((name) => ({ name, text: readFileSync(join(agentPoliciesDirectory, name), 'utf8') }));
}
