/** One `-----BEGIN X-----` … `-----END X-----` (RFC 7468), as it stood in the text. */
export type PemBlock = { readonly label: string; readonly text: string };

const boundary = /-----(BEGIN|END) ([A-Z0-9 ]{1,40})-----/g;

/**
 * The blocks of a file in their order; what stands around them (bag attributes, notes) is skipped, and so is a block that is
 * not closed before the next begins. One pass over the text. Never throws.
 */
export function pemBlocks(text: string): PemBlock[] {
  const blocks: PemBlock[] = [];
  let open: { readonly label: string; readonly at: number } | undefined;
  for (const { 0: whole, 1: kind, 2: label = '', index } of text.matchAll(boundary)) {
    if (kind === 'BEGIN') open = { label, at: index };
    else {
      if (open?.label === label) blocks.push({ label, text: `${text.slice(open.at, index + whole.length)}\n` });
      open = undefined;
    }
  }
  return blocks;
}
