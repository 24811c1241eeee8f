import { fillRecipe, stepsFor } from '@sallyport/content/fill-recipe';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import { CopyBlock } from '../../parts/copy-block.tsx';
import { CopyField } from '../../parts/copy-field.tsx';
import { Notice } from '../../parts/notice.tsx';
import { SendCommand } from '../overview/send-command.tsx';
import { httpsQuery } from '../settings/https/https-query.ts';
import type { Prepared } from './prepared.ts';
import { serverPlace } from './server-place.ts';
import type { Recipe } from './source-queries.ts';

/** Where the snippets expect the certificate of the server's authority, and where a public one is known already. */
const authorityFile = '/etc/ssl/sallyport-authority.pem';
const systemAuthorities = '/etc/ssl/certs/ca-certificates.crt';

/** The recipe with everything filled in: nothing is left to type. */
export function FillAndCopy({ recipe, made }: { readonly recipe: Recipe; readonly made: Prepared }) {
  const { data: https } = useQuery(httpsQuery);
  const opened = https?.state === 'open' ? https.origin : null;
  const place = serverPlace(opened, location.origin);
  // The listener shows the certificate of the server's own authority in any case.
  const vouched =
    recipe.listener === 'tls' ? 'own' : opened === null ? 'none' : https?.kind === 'acme' ? 'public' : 'own';
  const filled = (text: string): string =>
    fillRecipe(text, {
      host: place.host,
      port: made.port === undefined ? place.port : String(made.port),
      address: place.address,
      ...(made.key === undefined ? {} : { key: made.key }),
      authority_file: vouched === 'public' ? systemAuthorities : authorityFile,
      source: made.source,
    });
  const steps = stepsFor(recipe.steps, vouched);
  const [test] = stepsFor(recipe.test === undefined ? [] : [recipe.test], vouched);
  const needsAuthority =
    (recipe.listener === 'tls' || (opened !== null && https?.kind === 'authority')) &&
    steps.some(({ text }) => text.includes('{{authority_file}}'));
  // Their settings say TLS, which is not spoken there yet.
  const isForHttps = vouched === 'none' && steps.some(({ text }) => /\btls|authority_file|https:/i.test(text));
  return (
    <div className="stack">
      {!place.isLocalOnly ? null : made.port === undefined ? (
        <Notice tone="warn" title="Only this machine reaches the server by this address">
          <p>
            {isForHttps
              ? 'This sender is set up for HTTPS: open '
              : 'What is below works here. For senders on other machines open '}
            <Link href="/settings">HTTPS for others</Link> first; the text below then has that address.
          </p>
        </Notice>
      ) : (
        <Notice title="As it stands, this is for senders on the server’s own machine">
          <p>
            On another one, put a name or an address of the server instead of <code>{place.host}</code>.
          </p>
        </Notice>
      )}
      {needsAuthority ? (
        <p>
          The sender has to know this server’s authority, whose certificate goes to <code>{authorityFile}</code>: with
          the commands below, or as{' '}
          <a href="/v1/authority.pem" download="sallyport-authority.pem">
            a file from here
          </a>
          . <Link href="/trust">Its fingerprint</Link> tells that it is the right one.
        </p>
      ) : null}
      {steps.map(({ title, file, text }) => (
        <CopyBlock
          key={`${title} ${file ?? ''}`}
          title={filled(title)}
          file={file === undefined ? undefined : filled(file)}
          text={filled(text)}
        />
      ))}
      {made.key === undefined ? null : recipe.sends === 'events' ? (
        <SendCommand apiKey={made.key}>
          To try it at once: the key by itself, and a command that asks for it.
        </SendCommand>
      ) : (
        <div className="stack tight">
          <p className="quiet">
            The key by itself, for a field that asks for one. Shown this once; revoke it in Settings.
          </p>
          <CopyField value={made.key} label="the key" />
        </div>
      )}
      {test === undefined ? null : <CopyBlock title={filled(test.title)} text={filled(test.text)} />}
    </div>
  );
}
