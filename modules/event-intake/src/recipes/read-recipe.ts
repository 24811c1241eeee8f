import { parseDocument } from 'yaml';
import { Type } from 'typebox';
import type { Static } from 'typebox';
import { Check, Errors } from 'typebox/value';

const strict = { additionalProperties: false };
const Line = Type.String({ minLength: 1, maxLength: 400, pattern: '^[^\\n]+$' });
const Text = Type.String({ minLength: 1, maxLength: 10_000 });

/** How somebody has another product's sender send here; its texts leave open what only the reader knows. */
export const Recipe = Type.Object(
  {
    id: Type.String({ pattern: '^[a-z][a-z0-9-]{1,39}$' }),
    title: Line,
    about: Line,
    sends: Type.Enum(['syslog', 'hec', 'otlp', 'events'], { description: 'What it speaks' }),
    needs: Type.Enum(['key', 'listener'], {
      description: 'An API key with `events:write`, or an open syslog listener',
    }),
    listener: Type.Optional(Type.Enum(['tls', 'tcp', 'udp'])),
    checked: Type.Enum(['run', 'syntax', 'manual'], {
      description: 'How its texts are known to work: run by the tests, read by the program, or written by its manual',
    }),
    steps: Type.Array(
      Type.Object(
        {
          title: Line,
          file: Type.Optional(Type.String({ minLength: 1, maxLength: 200, description: 'Where the text goes' })),
          language: Type.String({ pattern: '^[a-z-]{2,20}$' }),
          text: Text,
        },
        strict,
      ),
      { minItems: 1, maxItems: 10 },
    ),
    test: Type.Optional(Type.Object({ title: Line, text: Text }, strict)),
  },
  strict,
);
export type Recipe = Static<typeof Recipe>;

const openValues = new Set(['host', 'port', 'address', 'key', 'authority_file', 'source']);

/** Recipes of these files, in their order. Throws `TypeError`: they come with the program, so a fault is the program's own. */
export function readRecipes(files: readonly { readonly name: string; readonly text: string }[]): readonly Recipe[] {
  const recipes = files.map(readRecipe);
  const ids = new Set<string>();
  for (const { id } of recipes) {
    if (ids.has(id)) throw new TypeError(`Cannot use the recipe "${id}": its id is used twice`);
    ids.add(id);
  }
  return recipes;
}

function readRecipe({ name, text }: { readonly name: string; readonly text: string }): Recipe {
  const refuse = (reason: string): TypeError => new TypeError(`Cannot use the recipe ${name}: ${reason}`);
  const document = parseDocument(text, { prettyErrors: false, logLevel: 'silent' });
  const [fault] = [...document.errors, ...document.warnings];
  if (fault !== undefined) throw refuse(fault.message);
  const value: unknown = document.toJS({ maxAliasCount: 0 });
  if (!Check(Recipe, value)) {
    const [first] = Errors(Recipe, value);
    throw refuse(`${first?.instancePath ?? ''} ${first?.message ?? 'has another shape'}`);
  }
  if ((value.needs === 'listener') !== (value.listener !== undefined))
    throw refuse('a recipe that needs a listener, and no other, must say which');
  for (const open of textsOf(value).flatMap((said) => [...said.matchAll(/\{\{(.*?)\}\}/g)]))
    if (!openValues.has(open[1] ?? '')) throw refuse(`nothing is known as ${open[0]}`);
  return value;
}

function textsOf({ title, about, steps, test }: Recipe): string[] {
  const inSteps = steps.flatMap((step) => [step.title, step.file ?? '', step.text]);
  return [title, about, ...inSteps, ...(test === undefined ? [] : [test.title, test.text])];
}
