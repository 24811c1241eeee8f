import { typedApp } from '@sallyport/platform/http';
import type { RoutePlugin } from '@sallyport/platform/http';
import { Type } from 'typebox';
import { KeyVaultError } from '../errors.ts';
import { kitLacks, makeRecoveryCode, sealRecoveryKit } from '../recovery-kit.ts';
import type { RecoveryKit } from '../recovery-kit.ts';
import type { VaultAct } from './vault-routes.ts';
import type { MadeKit, createKitMemory } from './kit-memory.ts';

export type KitRoutesNeeds = {
  /** Everything that has to lie elsewhere, as it is now. */
  readonly gather: (hint: string) => Promise<RecoveryKit>;
  readonly activeEpoch: () => Promise<{ readonly vault: string; readonly epoch: number } | undefined>;
  readonly memory: ReturnType<typeof createKitMemory>;
  readonly random: (bytes: number) => Buffer;
  readonly record: (act: VaultAct) => Promise<void>;
};

const tags = ['vault'];
const Standing = Type.Object({
  state: Type.Enum(['none', 'outdated', 'current'], {
    description: 'outdated: made before the epoch in use, which it does not open',
  }),
  madeAtMs: Type.Optional(Type.Number()),
  madeBy: Type.Optional(Type.String()),
});

/** `/v1/vault/recovery-kits`: what is kept elsewhere against the loss of this machine. */
export function createKitRoutes(needs: KitRoutesNeeds): RoutePlugin {
  return async (plain) => {
    const app = typedApp(plain);
    app.get(
      '/v1/vault/recovery-kits',
      {
        config: { scope: 'vault:read' },
        schema: { summary: 'Whether there is a recovery kit of the keys in use', tags, response: { 200: Standing } },
      },
      async () => {
        const [made, active] = await Promise.all([needs.memory.newest(), needs.activeEpoch()]);
        return standingOf(made, active);
      },
    );
    app.post(
      '/v1/vault/recovery-kits',
      {
        config: { scope: 'vault:manage', stepUp: true },
        schema: {
          summary: 'Make a recovery kit: a sealed file and its code, told this once. On the operator’s socket only',
          tags,
          body: Type.Object(
            {
              hint: Type.Optional(
                Type.String({ maxLength: 200, description: 'Where the passphrase is known; never the passphrase' }),
              ),
            },
            { additionalProperties: false },
          ),
          response: {
            201: Type.Object({
              file: Type.String(),
              code: Type.String(),
              vault: Type.String(),
              generation: Type.Integer(),
              verifierKeys: Type.Array(Type.String()),
              archive: Type.Optional(Type.String()),
              opens: Type.Boolean({ description: 'Whether another machine can open the vault at all' }),
              needs: Type.Array(Type.String(), { description: 'What it takes besides kit and code' }),
            }),
          },
        },
      },
      async ({ body, principal }, reply) => {
        // It holds what opens everything: whoever is on the machine has that anyway, and nobody else is given it.
        if (principal.kind !== 'operator')
          throw new KeyVaultError('kit_refused', 'Cannot make a recovery kit from here: it holds the master key', {
            hint: 'on the machine itself: sallyport vault recovery-kit --out FILE',
          });
        const kit = await needs.gather(body.hint ?? '');
        const code = makeRecoveryCode(needs.random);
        const file = sealRecoveryKit(kit, code, needs.random);
        const { vault, generation, epoch, verifierKeys, archive, madeAtMs } = kit;
        await needs.record({
          principal,
          action: 'vault.recovery_kit_made',
          outcome: 'success',
          target: { type: 'vault', id: vault },
          details: { generation, epoch },
        });
        await needs.memory.remember({ madeAtMs, madeBy: principal.name, vault, epoch });
        return reply.code(201).send({
          file,
          code,
          vault,
          generation,
          verifierKeys,
          ...(archive === undefined ? {} : { archive }),
          opens: kitLacks(kit).opens,
          needs: [...kitLacks(kit).needs],
        });
      },
    );
  };
}

function standingOf(made: MadeKit | undefined, active: { readonly vault: string; readonly epoch: number } | undefined) {
  if (made === undefined) return { state: 'none' as const };
  const isCurrent = active?.vault === made.vault && active.epoch === made.epoch;
  const state = isCurrent ? ('current' as const) : ('outdated' as const);
  return { state, madeAtMs: made.madeAtMs, madeBy: made.madeBy };
}
