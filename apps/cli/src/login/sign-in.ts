import { CliError } from '../errors.ts';
import type { CliNeeds } from '../needs.ts';
import { plainText } from '../terminal.ts';
import type { OAuthClient, TokensGiven } from './oauth-client.ts';

const deviceGrant = 'urn:ietf:params:oauth:grant-type:device_code';
const slowerBySeconds = 5;

/**
 * Shows a code and waits until somebody has confirmed it in the console, with a fresh proof of who they are (RFC 8628). Opens
 * nothing by itself. Throws `CliError` `access_denied` when they said no, or nobody said anything.
 */
export async function signIn(
  oauth: OAuthClient,
  scopes: readonly string[],
  needs: Pick<CliNeeds, 'stderr' | 'wait' | 'signal'> & { readonly nowMs: () => number },
): Promise<TokensGiven> {
  const begun = await oauth.begin(scopes);
  needs.stderr.write(
    `Open ${plainText(begun.wholePage)}\nand check that it shows the code ${plainText(begun.userCode)}\nWaiting for you to confirm it there…\n`,
  );
  let intervalSeconds = begun.intervalSeconds;
  while (needs.nowMs() < begun.endsAtMs) {
    await needs.wait(intervalSeconds * 1000, needs.signal);
    const answer = await oauth.token({ grant_type: deviceGrant, device_code: begun.deviceCode });
    if (answer.kind === 'given') return answer.tokens;
    if (answer.error === 'slow_down') intervalSeconds += slowerBySeconds;
    else if (answer.error !== 'authorization_pending')
      throw new CliError('access_denied', `Cannot sign in: ${answer.said}`, { hint: 'sallyport login begins again' });
  }
  throw new CliError('access_denied', 'Cannot sign in: nobody confirmed the code in time', {
    hint: 'sallyport login begins again',
  });
}
