import { typedApp } from '@sallyport/platform/http';
import type { RoutePlugin } from '@sallyport/platform/http';
import { Type } from 'typebox';
import { Recipe } from './read-recipe.ts';

/** `GET /v1/sources/recipes`: how other products' senders are told to send here. Read when somebody first asks: a start waits for none of them. */
export function createRecipeRoutes(read: () => readonly Recipe[]): RoutePlugin {
  let recipes: readonly Recipe[] | undefined;
  return async (fastify) => {
    typedApp(fastify).get(
      '/v1/sources/recipes',
      {
        config: { scope: 'events:read' },
        schema: {
          summary: 'How other senders are set up',
          description:
            'Texts to paste. They leave open `{{host}}`, `{{port}}`, `{{address}}` (with scheme and port, without a slash at its end), `{{key}}`, `{{authority_file}}` (where the server’s certificate authority lies on the sender) and `{{source}}`.',
          tags: ['events'],
          response: { 200: Type.Object({ recipes: Type.Array(Recipe) }) },
        },
      },
      async () => ({ recipes: [...(recipes ??= read())] }),
    );
  };
}
