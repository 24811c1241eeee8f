import { fillRecipe } from '@sallyport/content/fill-recipe';
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
  const isPublic = opened !== null && https?.kind === 'acme';
  const filled = (text: string): string =>
    fillRecipe(text, {
      host: place.host,
      port: made.port === undefined ? place.port : String(made.port),
      address: place.address,
      ...(made.key === undefined ? {} : { key: made.key }),
      authority_file: isPublic ? systemAuthorities : authorityFile,
      source: made.source,
    });
  // Over plain HTTP there is nothing to know; the listener shows the server's own authority in any case.
  const needsAuthority =
    (recipe.listener === 'tls' || (opened !== null && https?.kind === 'authority')) &&
    recipe.steps.some(({ text }) => text.includes('{{authority_file}}'));
  return (
    <div className="stack">
      {!place.isLocalOnly ? null : made.port === undefined ? (
        <Notice tone="warn" title="Only this machine reaches the server by this address">
          <p>
            For senders on other machines open <Link href="/settings">HTTPS for others</Link> first; the text below then
            has that address.
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
      {recipe.steps.map(({ title, file, text }) => (
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
      {recipe.test === undefined ? null : (
        <CopyBlock title={filled(recipe.test.title)} text={filled(recipe.test.text)} />
      )}
    </div>
  );
}
