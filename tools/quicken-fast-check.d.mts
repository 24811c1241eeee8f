/** Whether the fast-check of a node_modules directory is quicker now, or was already. */
export function quickenFastCheck(modules: string): boolean;
