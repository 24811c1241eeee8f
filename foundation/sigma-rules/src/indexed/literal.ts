/** What was found: ids the caller gave with a literal. */
export type Hits = readonly number[];

/** One text to look for, as UTF-8. */
export type Literal = { readonly text: string; readonly bytes: Uint8Array; readonly hits: Hits };

/** How a text is looked at: at every `step`-th byte, `gramLength` bytes at a time. */
export type Stride = { readonly step: number; readonly gramLength: 4 | 8 };
