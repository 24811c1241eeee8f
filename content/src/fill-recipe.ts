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
