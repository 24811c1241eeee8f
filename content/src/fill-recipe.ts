/** What a recipe's texts leave open, as `{{name}}` without spaces. */
export const recipeValues = ['host', 'port', 'address', 'key', 'authority_file', 'source'] as const;
export type RecipeValue = (typeof recipeValues)[number];

/** A recipe's text with these values put in; what has none stays as it is. Values go in as they are: they are the reader's own. */
export function fillRecipe(text: string, values: Readonly<Partial<Record<RecipeValue, string>>>): string {
  return recipeValues.reduce((filled, name) => {
    const value = values[name];
    return value === undefined ? filled : filled.replaceAll(`{{${name}}}`, () => value);
  }, text);
}

/** Who vouches for what the sender connects to: the server's own authority, one every system knows, or, over plain HTTP, nobody. */
export type Vouched = 'own' | 'public' | 'none';

const fetched = '-o {{authority_file}} {{address}}/v1/authority.pem';

/**
 * The steps that are needed then. The authority is fetched only where it is the server's own: what is in its place otherwise is
 * the system's own list, which that step would write over.
 */
export function stepsFor<Step extends { readonly text: string }>(steps: readonly Step[], vouched: Vouched): Step[] {
  if (vouched === 'own') return [...steps];
  const kept = steps.filter(({ text }) => !text.includes(fetched));
  return vouched === 'public'
    ? kept
    : kept.map((step) => ({ ...step, text: step.text.replaceAll('--cacert {{authority_file}} ', '') }));
}
