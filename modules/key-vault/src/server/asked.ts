/** Who asks for a change, and why: kept with the key and in the ledger. */
export type Asked = { readonly by: string; readonly reason: string };
