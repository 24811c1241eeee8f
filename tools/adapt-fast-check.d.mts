/** Whether the fast-check of a node_modules directory is quicker and takes a seed from outside now, or did already. */
export function adaptFastCheck(modules: string): boolean;
