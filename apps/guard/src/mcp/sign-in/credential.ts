import { readOwnFile } from '../locked-file.ts';

/** What goes along with each request to one remote server, and nowhere else. */
export type Credential = {
  /** Asked anew for each request, so that it can be changed while the gateway runs. Rejects where it cannot be had. */
  bearer(): Promise<string | undefined>;
  /** The server refused what was sent. Whether to try once more; if not, what a person can do about it. */
  refused(refusal: {
    readonly status: number;
    readonly challenge: string | undefined;
    readonly used: string | undefined;
  }): Promise<{ readonly isAgain: boolean; readonly advice?: string }>;
};

type Environment = Readonly<Record<string, string | undefined>>;

/** A credential that somebody else keeps. */
export function givenCredential(
  { from, name }: { readonly from: 'env' | 'file'; readonly name: string },
  environment: Environment,
): Credential {
  return {
    bearer: async () => bearerIn({ from, name }, environment),
    refused: async () => ({ isAgain: false }),
  };
}

/** Never said anywhere: what cannot be a credential is told by where it stands. */
function bearerIn(
  { from, name }: { readonly from: 'env' | 'file'; readonly name: string },
  environment: Environment,
): string {
  const text = (
    from === 'env' ? (environment[name] ?? '') : (readOwnFile(name, 64 * 1024, { isSecret: true }) ?? '')
  ).trim();
  if (/^[\x21-\x7e]{1,16384}$/.test(text)) return text;
  throw new Error(`${from === 'env' ? `environment variable ${name}` : `file "${name}"`} holds no credential`);
}
