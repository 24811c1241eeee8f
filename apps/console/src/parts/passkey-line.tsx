import type { Answer } from '../api/call.ts';
import { Clock } from './clock.tsx';

type Passkey = Pick<
  NonNullable<Answer<'GET /v1/account'>['factors'][number]['passkey']>,
  'model' | 'attested' | 'synced' | 'last_used_at' | 'refused_because'
>;

/** What is known of a passkey: its make, whether it can be copied, when it was last used; and why it is refused, if it is. */
export function PasskeyLine({ passkey }: { readonly passkey: Passkey }) {
  const { model, attested, synced, last_used_at: usedAt, refused_because: why } = passkey;
  const make = attested
    ? `${model ?? 'Make'} (proved)`
    : model === null
      ? 'make not known'
      : `${model} (by its own word)`;
  const kind = synced === null ? '' : synced ? ' · synced' : ' · bound to hardware';
  return (
    <>
      <span className="quiet small">
        {make}
        {kind} · {usedAt === null ? 'not used yet' : 'last used '}
        {usedAt === null ? null : <Clock at={usedAt} short={false} />}
      </span>
      {why === null ? null : <span className="small">Refused: {why}</span>}
    </>
  );
}
