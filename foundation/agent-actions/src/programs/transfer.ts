import { addHost, addPath, addProgram, addRecipient, sentStdin, sentTexts } from '../run/effects.ts';
import type { Invocation } from '../run/run.ts';
import { fileText } from '../run/files.ts';
import { isKnown, known, onlyText, shown, unknown } from '../run/text.ts';
import type { Text, Value } from '../run/text.ts';
import { addStranger, looksLikePath } from './apply-rule.ts';
import { runScript } from './start.ts';
import { readArguments } from './arguments.ts';
import { printEnvironment, sshOption } from './starters.ts';

// Programs that carry data to and from other machines.

const curlOptions = {
  write:
    '-o --output -D --dump-header -c --cookie-jar --trace --trace-ascii --stderr --etag-save --hsts --alt-svc --libcurl --unix-socket --abstract-unix-socket',
  'write-tree': '--output-dir',
  read: '-E --cert --key --cacert --netrc-file --proxy-cacert --etag-compare',
  body: '--expand-data --expand-json -d --data --data-raw --data-binary --data-ascii --data-urlencode --json -F --form --form-string',
  change: '-T --upload-file',
  execute: '-K --config',
  fetch: '--url --expand-url',
  send: '-x --proxy --preproxy --socks5 --socks5-hostname --socks4 --doh-url --connect-to --resolve --dns-servers',
  recipient: '--mail-rcpt',
  text: '-H --header -X --request -A --user-agent -e --referer -u --user -b --cookie -m --max-time --connect-timeout --retry --retry-delay --retry-max-time -w --write-out -r --range --limit-rate --max-filesize --max-redirs --mail-from -C --continue-at -Q --quote --interface -y -Y -z --tlsv1 --ciphers -U --proxy-user --parallel-max --rate -t --telnet-option',
  name: '--variable',
} as const;

export function curlProgram(invocation: Invocation): Value {
  const read = readArguments(curlOptions, invocation.arguments, false);
  const sends: string[] = [];
  let isUpload = false;
  const urls = [...read.operands];
  addProgram(invocation, { name: 'curl', classes: ['tool'], arguments: invocation.arguments });
  for (const { role, text, option } of read.values) {
    if (role === 'write' || role === 'write-tree') addPath(invocation, 'write', text);
    else if (role === 'read') addPath(invocation, 'read', text);
    else if (role === 'change') {
      isUpload = true;
      addSentFile(invocation, text, sends);
    } else if (role === 'body') {
      isUpload = true;
      addBody(invocation, text, { option: option ?? '', sends });
    } else if (role === 'execute') urls.push(...addConfig(invocation, text));
    else if (role === 'fetch') urls.push(text);
    else if (role === 'name') {
      // `--variable name@file`: goes where a text with `{{name}}` goes.
      const file = /^%?\w+@([\s\S]*)$/.exec(text.text)?.[1];
      if (file !== undefined) addSentFile(invocation, { ...text, text: file }, sends);
      else if (text.text.startsWith('%')) printEnvironment(invocation, text.text.slice(1).replace(/=.*$/s, ''));
      isUpload = true;
    } else if (role === 'send')
      addHost(invocation, { ...text, text: text.text.replace(/^[^:]*:\d+:/, '') }, { way: 'send' });
    else if (role === 'recipient') addRecipient(invocation, text, sentStdin(invocation));
    else if (/^(?:-H|--header|-b|--cookie|-u|--user|-A|--user-agent|-e|--referer)$/.test(option ?? '')) {
      if (text.text.startsWith('@')) addSentFile(invocation, { ...text, text: text.text.slice(1) }, sends);
      else sends.push(...sentTexts([text]));
      if (!isKnown(text)) isUpload = true;
    } else if (/^(?:-w|--write-out)$/.test(option ?? '')) {
      for (const [, path = ''] of text.text.matchAll(/%output\{(?:>>)?([^}]*)\}/g))
        addPath(invocation, 'write', { ...text, text: path });
      if (text.text.startsWith('@')) addPath(invocation, 'read', { ...text, text: text.text.slice(1) });
    } else if (/^(?:-X|--request)$/.test(option ?? '') && /^(?:POST|PUT|PATCH|DELETE)$/i.test(text.text))
      isUpload = true;
  }
  if ([...read.flags].some((flag) => /^(?:-n|--netrc|--netrc-optional)$/.test(flag)))
    addPath(invocation, 'read', known('~/.netrc'.replace('~', invocation.run.context.home ?? '/home/*')));
  if ([...read.flags].some((flag) => /^(?:-O|--remote-name|--remote-name-all|-J)$/.test(flag)))
    addPath(invocation, 'write', known('./*'));
  return reached(invocation, urls, isUpload, sends);
}

function reached(invocation: Invocation, urls: readonly Text[], isUpload: boolean, sends: readonly string[]): Value {
  const outputs: Text[] = [];
  for (const url of urls) {
    if (/^file:/i.test(url.text)) {
      addPath(invocation, 'read', {
        ...url,
        text: decodeSafely(url.text.replace(/^file:(?:\/\/(?:localhost)?)?/i, '')),
      });
      outputs.push(unknown(`what is in ${shown(url.text)}`));
      continue;
    }
    // A name or a query that is only known when it runs carries data out.
    addHost(invocation, url, {
      way: isUpload || !isKnown(url) ? 'send' : 'fetch',
      sends: isKnown(url) ? sends : [...sends, ...sentTexts([url])],
    });
    outputs.push(unknown(`fetched from ${shown(url.text).slice(0, 200)}`));
  }
  if (urls.length === 0)
    addHost(invocation, unknown('the address is not in the command'), { way: isUpload ? 'send' : 'fetch', sends });
  return outputs.length === 0 ? [unknown('fetched from an address that is not in the command')] : outputs.slice(0, 1);
}

function decodeSafely(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function addSentFile(invocation: Invocation, text: Text, sends: string[]): void {
  if (text.text === '-') sends.push(...sentStdin(invocation));
  else {
    addPath(invocation, 'read', text);
    sends.push(`@${shown(text.text)}`);
  }
}

function addBody(
  invocation: Invocation,
  text: Text,
  { option, sends }: { readonly option: string; readonly sends: string[] },
): void {
  const isForm = /^(?:-F|--form)$/.test(option);
  const file =
    option === '--data-raw' || option === '--form-string'
      ? null
      : isForm
        ? /^[^=]*=[@<]([^;]*)/.exec(text.text)
        : option === '--data-urlencode'
          ? /^[^=@]*@(.*)$/.exec(text.text)
          : /^@(.*)$/.exec(text.text);
  if (file === null) sends.push(...sentTexts([text]));
  else addSentFile(invocation, { ...text, text: file[1] ?? '' }, sends);
}

/** `curl -K file`: lines that are options again. Known where the file is. */
function addConfig(invocation: Invocation, path: Text): Text[] {
  if (path.text !== '-') addPath(invocation, 'read', path);
  const name = onlyText([path]);
  const value =
    name === '-' ? invocation.stdin : name === undefined ? undefined : fileText(name, invocation.state, invocation.run);
  const text = onlyText(value);
  if (text === undefined) return [unknown('the addresses are in a file')];
  const urls: Text[] = [];
  for (const line of text.split('\n').slice(0, 200)) {
    const found = /^\s*-{0,2}([a-z-]+)\s*[=: ]\s*"?([^"\n]*)"?/i.exec(line);
    if (found === null) continue;
    const [, key = '', given = ''] = found;
    if (key === 'url') urls.push(known(given));
    else if (/^(?:output|o|dump-header|cookie-jar)$/.test(key)) addPath(invocation, 'write', known(given));
    else if (/^(?:data|d|data-binary|upload-file|T|form|F)/.test(key))
      addPath(invocation, 'read', known(given.replace(/^.*[@<]/, '')));
  }
  return urls;
}

export function wgetProgram(invocation: Invocation): Value {
  const read = readArguments(
    {
      write: '-O --output-document -o --output-file -a --append-output --save-cookies --warc-file',
      'write-tree': '-P --directory-prefix',
      read: '-i --input-file --load-cookies --certificate --private-key --ca-certificate',
      body: '--post-data --body-data',
      change: '--post-file --body-file',
      script: '--use-askpass',
      execute: '-e --execute --config',
      text: '-t --tries -T --timeout -U --user-agent --header --user --password --method -l --level -A -R -D -I -X --limit-rate -w --wait -Q',
    },
    invocation.arguments,
    false,
  );
  const sends: string[] = [];
  let isUpload = false;
  let hasOutput = false;
  addProgram(invocation, { name: 'wget', classes: ['tool'], arguments: invocation.arguments });
  for (const { role, text, option } of read.values) {
    if (role === 'write' || role === 'write-tree') {
      addPath(invocation, 'write', text);
      hasOutput = hasOutput || /^(?:-O|--output-document|-P|--directory-prefix)$/.test(option ?? '');
    } else if (role === 'read') addPath(invocation, 'read', text);
    else if (role === 'body') {
      isUpload = true;
      sends.push(...sentTexts([text]));
    } else if (role === 'change') {
      isUpload = true;
      addSentFile(invocation, text, sends);
    } else if (role === 'script') runScript(text, invocation);
    else if (option === '--header') sends.push(...sentTexts([text]));
    else if (role === 'execute' || option === '--config') {
      // Settings: `use_askpass` runs, `http_proxy` carries elsewhere.
      if (option === '--config') addPath(invocation, 'read', text);
      addProgram(
        invocation,
        { name: 'wget', classes: ['tool'], arguments: invocation.arguments },
        { doubt: 'unknown_until_run', why: `is set up by "${shown(text.text).slice(0, 100)}"` },
      );
      if (role === 'execute') sends.push(...sentTexts([text]));
    }
  }
  if (!hasOutput) addPath(invocation, 'write', known('./*'));
  return reached(invocation, read.operands, isUpload, sends);
}

/** `nc`, `socat`, `openssl s_client`: a stream to or from another machine, or a program behind it. */
export function streamProgram(invocation: Invocation): Value {
  const { name } = invocation;
  if (name === 'socat') {
    addProgram(invocation, { name, classes: ['tool'], arguments: invocation.arguments });
    for (const { text } of invocation.arguments) {
      const found = /^([a-z0-9-]+):([\s\S]*)$/i.exec(text);
      if (found === null) continue;
      const [, kind = '', rest = ''] = found;
      if (/^(?:exec|system|shell)/i.test(kind)) runScript({ text: rest.split(',')[0] ?? '' }, invocation);
      else if (/listen/i.test(kind))
        addHost(invocation, { text: `0.0.0.0:${rest.split(',')[0] ?? ''}` }, { way: 'listen' });
      else if (/^(?:tcp|udp|ssl|openssl|socks|proxy|sctp)/i.test(kind))
        addHost(invocation, { text: rest.split(',')[0] ?? '' }, { way: 'send', sends: sentStdin(invocation) });
      else if (/^(?:open|file|create|gopen|pipe|unix)/i.test(kind))
        addPath(invocation, 'write', { text: rest.split(',')[0] ?? '' });
    }
    return [unknown('what comes in')];
  }
  const read = readArguments(
    { script: '-c --sh-exec', execute: '-e --exec', text: '-p -w -s -q -i -g -G -I -O -T -X -x -P -m', command: '' },
    invocation.arguments,
    false,
  );
  addProgram(invocation, { name, classes: ['tool'], arguments: invocation.arguments });
  const listens = [...read.flags].some((flag) => /^-[a-z]*l/.test(flag) || flag === '--listen');
  for (const { role, text } of read.values) {
    if (role === 'script') runScript(text, invocation);
    else if (role === 'execute') runScript(text, { ...invocation, stdin: [unknown('fetched from another machine')] });
  }
  const [host, port] = read.operands;
  if (listens) {
    const isNamed = host !== undefined && !/^\d+$/.test(host.text);
    addHost(invocation, isNamed ? host : known('0.0.0.0'), { way: 'listen' });
  }
  if (!listens && host !== undefined)
    addHost(
      invocation,
      { ...host, text: port === undefined ? host.text : `${host.text}:${port.text}` },
      { way: 'send', sends: sentStdin(invocation) },
    );
  return [unknown('fetched from another machine')];
}

/** `scp`, `rsync`, `sftp`, `rclone`, `s3cmd`: paths here and there. */
export function copyProgram(invocation: Invocation): Value {
  const read = readArguments(
    {
      text: '-P -l -c -B -b -f --exclude --include --filter --bwlimit --timeout --port --chmod --max-size --rsync-path -R',
      read: '-i -F --exclude-from --include-from --files-from --password-file --config --read-batch',
      script: '-e --rsh -S -D',
      write: '--log-file --backup-dir --write-batch --only-write-batch --partial-dir --temp-dir -T',
      name: '-o',
    },
    invocation.arguments,
    false,
  );
  addProgram(invocation, { name: invocation.name, classes: ['remote'], arguments: invocation.arguments });
  if (read.flags.has('--daemon'))
    addHost(invocation, { text: '0.0.0.0' }, { way: 'listen', doubt: 'unknown_until_run' });
  for (const { role, text } of read.values) {
    if (role === 'script') runScript(text, invocation);
    else if (role === 'read') addPath(invocation, 'read', text);
    else if (role === 'write') addPath(invocation, 'write', text);
    else if (role === 'name') sshOption(text, invocation);
  }
  const deletes = [...read.flags].some((flag) => flag.startsWith('--delete') || flag.startsWith('--remove-source'));
  const last = read.operands.length - 1;
  for (const [index, text] of read.operands.entries()) {
    const remote =
      /^(?:[a-z0-9+]+:\/\/)?((?:[^/:@]+@)?[^/:]+)::?(?!\/\/)/i.exec(text.text) ??
      /^(?:rsync|sftp|ssh|s3|gs):\/\/([^/]+)/i.exec(text.text);
    const isTarget = index === last && last > 0;
    if (remote !== null)
      addHost(
        invocation,
        { ...text, text: remote[1] ?? '' },
        {
          way: isTarget || last === 0 ? 'send' : 'fetch',
          scheme: 'ssh',
          sends: isTarget ? sentTexts(read.operands.slice(0, last)) : [],
        },
      );
    else {
      addPath(invocation, isTarget ? 'write' : 'read', text, { isTree: true });
      if (isTarget && deletes) addPath(invocation, 'delete', text, { isTree: true });
    }
  }
  return [known('')];
}

/** `openssl`: keys and files are options; some subcommands reach out. */
export function opensslProgram(invocation: Invocation): Value {
  const [subcommand, ...rest] = invocation.arguments;
  if (/^(?:s_server|ocsp)$/.test(subcommand?.text ?? '') && !rest.some(({ text }) => text === '-url'))
    addHost(invocation, known('0.0.0.0'), { way: 'listen', doubt: 'unknown_until_run' });
  addProgram(invocation, { name: 'openssl', classes: ['tool'], arguments: invocation.arguments });
  for (let at = 0; at < rest.length; at += 1) {
    const option = rest[at]?.text ?? '';
    const value = rest[at + 1] ?? known('');
    if (
      /^-(?:in|inkey|key|keyfile|cert|certfile|CA|CAkey|CAfile|CApath|config|signature|verify|prverify|sign|extfile|rand|kfile)$/.test(
        option,
      )
    ) {
      addPath(invocation, 'read', value);
      at += 1;
    } else if (/^-(?:out|keyout|writerand)$/.test(option)) {
      addPath(invocation, 'write', value);
      at += 1;
    } else if (/^-pass(?:in|out)?$/.test(option)) {
      const file = /^file:(.*)$/.exec(value.text)?.[1];
      if (file !== undefined) addPath(invocation, 'read', { text: file });
      at += 1;
    } else if (/^-(?:connect|host|proxy|url)$/.test(option)) {
      addHost(invocation, value, { way: 'send', sends: sentStdin(invocation) });
      at += 1;
    } else if (option === '-engine' || option === '-provider' || option === '-provider-path') {
      addStranger(invocation, value);
      at += 1;
    } else if (subcommand?.text === 'dgst' && !option.startsWith('-'))
      addPath(invocation, 'read', rest[at] ?? known(''));
    else if (looksLikePath(rest[at] ?? known(''))) addPath(invocation, 'read', rest[at] ?? known(''));
  }
  return [unknown('what "openssl" prints')];
}
