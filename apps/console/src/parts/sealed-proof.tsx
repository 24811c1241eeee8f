import { Radio, TextInput } from '@mantine/core';
import { call } from '../api/call.ts';
import { Problem } from '../api/problem.ts';
import { Notice, ProblemNotice } from './notice.tsx';
import { addressWithName, passkeyRefusal, passkeysPossible, usePasskey as askPasskey } from './passkey.ts';

/** What somebody holds to open a break-glass account, or to try it. */
export type SealedProof = { readonly kind: 'codes' | 'passkey'; readonly first: string; readonly second: string };

export const noProof: SealedProof = { kind: 'codes', first: '', second: '' };

export function isWhole({ kind, first, second }: SealedProof): boolean {
  return first !== '' && (kind === 'passkey' ? passkeysPossible() : second !== '');
}

/** As the server takes it; asks the security key now, since its answer is good for one try. */
export async function shownProof({ kind, first, second }: SealedProof) {
  if (kind === 'codes') return { first, second };
  const options = await call('POST /v1/break-glass/open/options', {});
  return { first, passkey: await askPasskey(options) };
}

/** After a try: both codes were right, and what is missing is the key. */
export function afterRefusal(proof: SealedProof, error: unknown): SealedProof {
  const isKeyMissing = error instanceof Problem && error.code === 'break_glass_passkey_needed';
  return isKeyMissing ? { ...proof, kind: 'passkey' } : proof;
}

export function SealedProofInput({
  proof,
  onChange,
}: {
  readonly proof: SealedProof;
  readonly onChange: (proof: SealedProof) => void;
}) {
  const { kind, first, second } = proof;
  const isPasskey = kind === 'passkey';
  return (
    <>
      <Radio.Group
        label="What you hold"
        value={kind}
        onChange={(chosen) => onChange({ ...proof, kind: chosen === 'passkey' ? 'passkey' : 'codes' })}
      >
        <div className="stack tight">
          <Radio value="codes" label="Both envelopes" />
          <Radio value="passkey" label="One envelope and a security key" />
        </div>
      </Radio.Group>
      <TextInput
        label={isPasskey ? 'Code of the envelope' : 'Code of the first envelope'}
        size="md"
        autoComplete="off"
        autoFocus
        data-autofocus
        maxLength={100}
        value={first}
        onChange={(event) => onChange({ ...proof, first: event.currentTarget.value })}
      />
      {isPasskey ? null : (
        <TextInput
          label="Code of the second envelope"
          size="md"
          autoComplete="off"
          maxLength={100}
          value={second}
          onChange={(event) => onChange({ ...proof, second: event.currentTarget.value })}
        />
      )}
      {isPasskey && passkeysPossible() ? (
        <p className="small quiet">Plug the key in. Your browser asks for its PIN once you go on.</p>
      ) : null}
      {isPasskey && !passkeysPossible() ? <KeyNeedsName /> : null}
    </>
  );
}

function KeyNeedsName() {
  const named = addressWithName();
  return (
    <Notice tone="warn" title="A security key needs a name, not a number">
      {named === undefined ? (
        <p>Open this page under the name the key was added at, with HTTPS; or use both envelopes.</p>
      ) : (
        <p>
          <a href={named}>Open this page as localhost</a>, if the key was added there; or use both envelopes.
        </p>
      )}
    </Notice>
  );
}

export function ProofProblem({ error }: { readonly error: unknown }) {
  if (error === null) return null;
  if (error instanceof Problem) return <ProblemNotice problem={error} />;
  return (
    <Notice tone="warn" title="The security key was not used">
      <p>{passkeyRefusal(error)}</p>
    </Notice>
  );
}
