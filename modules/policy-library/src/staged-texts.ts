import type { PolicyDrafts } from './draft-store.ts';
import { refuseAnyDamaged } from './damaged-drafts.ts';
import { PolicyLibraryError } from './errors.ts';
import { documentHash } from './policy-document.ts';
import type { Author, PolicyText } from './policy-document.ts';
import type { PolicyVersion } from './policy-version.ts';
import { writersOf, writersOfOther } from './who-wrote.ts';

/** What a version is made of, and who wrote it, read once: of what is staged, not of what stands a moment later. */
export async function textsToStage(
  from: number | undefined,
  needs: {
    get(version: number): Promise<PolicyVersion>;
    drafts(): Promise<PolicyDrafts>;
    inForce(): Promise<readonly PolicyText[]>;
  },
): Promise<{ readonly texts: readonly PolicyText[]; readonly authors: readonly Author[] }> {
  if (from === 0) return { texts: [], authors: [] };
  if (from !== undefined) {
    // Drafts are not looked at: a version is brought back though they be damaged.
    const other = await needs.get(from);
    return { texts: other.texts, authors: writersOfOther(other) };
  }
  const { documents, removed, damaged } = await needs.drafts();
  refuseAnyDamaged(damaged, PolicyLibraryError, 'policy_document_damaged');
  const inForce = await needs.inForce();
  return {
    texts: documents,
    authors: writersOf<PolicyText>({ documents, removed, inForce, hashOf: documentHash }),
  };
}
