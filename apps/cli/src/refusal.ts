import { CliError } from './errors.ts';
import { isJsonObject, parseJson, textField } from './json-reading.ts';

/** An answer other than 2xx as an error: RFC 9457 problem details where the server gave them. */
export function refusal(answer: {
  readonly status: number;
  readonly body: string;
  readonly retryAfter: string | undefined;
  /** Who answered. */
  readonly address: string;
}): CliError {
  const { status, body, retryAfter, address } = answer;
  const problem = parseJson(body);
  const serverCode = textField(problem, 'code');
  const said =
    textField(problem, 'detail') ??
    textField(problem, 'title') ??
    (isJsonObject(problem) ? '' : body.slice(0, 200).trim());
  // A refusal by Sallyport says by itself what is wrong; who answered matters where something unforeseen did.
  const isPlain = status >= 400 && status < 500 && serverCode !== undefined && said !== '';
  const answered = `${address} answered ${status}${serverCode === undefined ? '' : ` ${serverCode}`}`;
  const message = isPlain ? said : `${answered}${said === '' ? '' : `: ${said}`}`;
  const details = {
    status,
    ...(serverCode === undefined ? {} : { serverCode }),
    ...(retryAfter === undefined ? {} : { retryAfter }),
  };
  const told = textField(problem, 'hint');
  if (status === 401)
    return new CliError('access_denied', message, {
      details,
      hint: told ?? 'give a valid key with --key or SALLYPORT_KEY; sallyport key create makes one',
    });
  if (status === 403)
    return new CliError('access_denied', message, {
      details,
      hint: told ?? 'use a key with the scope this command needs; sallyport key create makes one',
    });
  const hint = told === undefined ? {} : { hint: told };
  if (status >= 300 && status < 400)
    return new CliError('request_refused', message, {
      details,
      hint: 'redirects are not followed, so that the key goes nowhere else: give the address it leads to with --server',
    });
  // What keeps the archive answered, and said no: asking again changes nothing.
  if (serverCode === 'off_site_refused')
    return new CliError('request_refused', said, {
      details,
      hint: told ?? 'check bucket, key and what it may do (docs/archive.md)',
    });
  if (status === 408 || status === 429 || status === 502 || status === 503 || status === 504)
    return new CliError('server_busy', message, { details, hint: told ?? 'try again in a while' });
  return new CliError(status >= 500 ? 'server_answer' : 'request_refused', message, { details, ...hint });
}
