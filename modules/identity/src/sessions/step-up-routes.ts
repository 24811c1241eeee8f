import { typedApp, type RoutePlugin } from '@sallyport/platform/http';
import { Type } from 'typebox';
import type { PeopleServices } from '../people/create-people.ts';
import { Code, PasskeyResponse, Password } from './sign-in-routes.ts';
import type { Proof } from './step-up.ts';

/** `POST /v1/session/step-up…`: a fresh proof of who somebody is. */
export function createStepUpRoutes({ stepUp }: Pick<PeopleServices, 'stepUp'>): RoutePlugin {
  return async (fastify) => {
    const app = typedApp(fastify);
    const config = { scope: 'sessions:own' };
    const tags = ['sessions'];

    app.post(
      '/v1/session/step-up/options',
      {
        config,
        schema: {
          summary: 'What whoever is signed in can prove it with, the best first; with a challenge for a passkey',
          tags,
          response: {
            200: Type.Object({
              methods: Type.Array(Type.Enum(['passkey', 'certificate', 'totp'])),
              passkey: Type.Unknown({ description: 'PublicKeyCredentialRequestOptionsJSON; null when there is none' }),
              lacks: Type.Union([Type.Enum(['other_name', 'stronger_factor', 'factor']), Type.Null()], {
                description:
                  'Why there is nothing: passkeys are for another name of this server, roles ask for a stronger factor than there is, or there is none',
              }),
            }),
          },
        },
      },
      async ({ principal: by, client }) => {
        const { methods, passkey, lacks } = await stepUp.options({ by, client });
        return { methods: [...methods], passkey: passkey ?? null, lacks: lacks ?? null };
      },
    );

    app.post(
      '/v1/session/step-up',
      {
        // A copied cookie proves nothing: the browser itself must ask.
        config: { ...config, keyProof: true },
        schema: {
          summary: 'Prove it, with password and a code of the app, or with a passkey; the cookie changes',
          tags,
          body: Type.Object(
            {
              password: Type.Optional(Password),
              code: Type.Optional(Code),
              passkey: Type.Optional(PasskeyResponse),
            },
            { additionalProperties: false },
          ),
          response: { 204: Type.Null() },
        },
      },
      async (request, reply) => {
        const { principal: by, client } = request;
        const { password = '', code = '', passkey } = request.body;
        const proof: Proof =
          passkey === undefined ? { kind: 'password', password, code } : { kind: 'passkey', response: passkey };
        reply.beginSession(await stepUp.prove({ by, client, proof }));
        return reply.code(204).send(null);
      },
    );
  };
}
