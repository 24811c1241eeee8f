import { Button } from '@mantine/core';
import { Link } from 'wouter';
import { CopyBlock } from '../../parts/copy-block.tsx';
import { Notice } from '../../parts/notice.tsx';
import { promiseOf, providerNames, weakestPromise } from './key-words.ts';
import { RecoveryKitNotice } from './recovery-kit-notice.tsx';
import type { Provider, ProviderKind } from './vault-query.ts';

/** Where master keys are kept, and what destroying one there is worth. */
export function ProvidersSheet({
  providers,
  onMove,
}: {
  readonly providers: readonly Provider[];
  /** Undefined for whoever may only look. */
  readonly onMove?: (to: ProviderKind) => void;
}) {
  const weakest = weakestPromise(providers);
  const spare = providers.filter((provider) => !provider.isUsed && !('unreachable' in provider));
  return (
    <section className="sheet" aria-labelledby="providers">
      <div className="sheet-head">
        <h2 id="providers">Where master keys are kept</h2>
        <span className="quiet small">any one in use opens the vault</span>
      </div>
      <ul className="lines" aria-label="Providers of master keys">
        {providers.map((provider) => {
          const promise = promiseOf(provider);
          // What the notice below says is not said twice.
          const isToldBelow = promise.tone !== 'good' && promise.word === weakest?.word;
          return (
            <li key={provider.kind} className="provider">
              <span className="line-main">
                <span className="line-name">
                  {providerNames[provider.kind]}{' '}
                  <span className={`state-mark ${provider.isUsed ? 'good' : 'quiet'}`}>
                    {provider.isUsed ? 'In use' : 'Set up, not used'}
                  </span>
                </span>
                {'unreachable' in provider ? (
                  <span className="small">{provider.unreachable}</span>
                ) : (
                  <>
                    {isToldBelow ? null : <span className={`small ${promise.tone}`}>{promise.word}.</span>}
                    {provider.notPromised.length === 0 ? null : (
                      <ul className="plain-points small quiet">
                        {provider.notPromised.map((text) => (
                          <li key={text}>{text}.</li>
                        ))}
                      </ul>
                    )}
                    <span className="small quiet">
                      {provider.identity} · {provider.algorithm}
                    </span>
                  </>
                )}
              </span>
              {onMove === undefined || provider.isUsed || 'unreachable' in provider ? null : (
                <Button size="compact-sm" variant="default" onClick={() => onMove(provider.kind)}>
                  Move the master keys there…
                </Button>
              )}
            </li>
          );
        })}
      </ul>
      {weakest === undefined || weakest.tone === 'good' ? null : (
        <Notice tone="warn" title={weakest.word}>
          <p>{weakest.text}</p>
          <p>
            {spare.length > 0
              ? `To change that, move the master keys: ${spare.map(({ kind }) => providerNames[kind]).join(' or ')} is set up already.`
              : 'To change that, keep the master keys in a security module, in the TPM of this machine, in OpenBao or Vault, or in AWS KMS. It moves while everything runs.'}
          </p>
          {spare.length > 0 ? null : (
            <details className="fold">
              <summary>How to move them into the TPM of this machine</summary>
              <div className="stack">
                <CopyBlock
                  title="1. Say where, in a file: "
                  file="/etc/sallyport/key-provider.json"
                  text={'{ "first": ["tpm"], "tpm": { "pcrs": [7] } }'}
                />
                <CopyBlock
                  title="2. Start the server with it"
                  text="SALLYPORT_KEY_PROVIDER=/etc/sallyport/key-provider.json"
                />
                <p className="small quiet">
                  3. Come back here: the provider stands in this list, with a button that moves the master keys. Other
                  places are set up in the same file; docs/keys.md has each of them.
                </p>
              </div>
            </details>
          )}
        </Notice>
      )}
      <RecoveryKitNotice />
      <p className="small">
        <Link href="/retention?tab=erasures">Destroying keys, and who may sign it</Link>{' '}
        <span className="quiet">is in the Retention room.</span>
      </p>
    </section>
  );
}
