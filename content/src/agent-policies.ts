import { readdirSync, readFileSync } from 'node:fs';

/** A policy file for AI agents. `name` is its file name: `developer.cedar`. */
export type AgentPolicyFile = { readonly name: string; readonly text: string };

/** The schema (`schema.cedarschema`) and the packs (`*.cedar`), ordered by name. In a bundle they are part of the program. */
export function agentPolicyFiles(): AgentPolicyFile[] {
  const directory = new URL('../agent-policies/', import.meta.url);
  return readdirSync(directory)
    .filter((name) => /\.cedar(?:schema)?$/.test(name))
    .toSorted()
    .map((name) => ({ name, text: readFileSync(new URL(name, directory), 'utf8') }));
}
