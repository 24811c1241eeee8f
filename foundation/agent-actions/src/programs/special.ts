import { addHost, addName, addPath, addProgram } from '../run/effects.ts';
import { absolute } from '../run/files.ts';
import type { Invocation } from '../run/run.ts';
import { known, onlyText, shown, unknown } from '../run/text.ts';
import type { Text, Value } from '../run/text.ts';
import { looksLikePath, runCommand, runScript } from './apply-rule.ts';
import { readArguments } from './arguments.ts';
import { isSteeredByVariables, mayBeOption } from './looking.ts';

// Programs whose arguments have a grammar of their own.

export function tarProgram(invocation: Invocation): Value {
  // `tar xvf file`: letters without a dash.
  const [first, ...rest] = invocation.arguments;
  const given =
    first !== undefined && /^[a-zA-Z]+$/.test(first.text)
      ? [{ ...first, text: `-${first.text}` }, ...rest]
      : invocation.arguments;
  const read = readArguments(
    {
      name: '-f --file',
      text: '--exclude -X -s --transform --xform --strip-components --owner --group --mode --mtime -b --format --checkpoint -L',
      'write-tree': '-C --directory --cd --one-top-level',
      script:
        '--to-command --checkpoint-action -I --use-compress-program --rsh-command --info-script --new-volume-script -F',
      read: '-T --files-from -K',
    },
    given,
    false,
  );
  // Names in a file, or from the root on: what goes in or where it lands is not in the command.
  const isAnywhere = read.flags.has('-P') || read.flags.has('--absolute-names');
  const isListed = read.values.some(({ option }) => option === '-T' || option === '--files-from');
  const letters = [...read.flags].filter((flag) => /^-[a-zA-Z]$/.test(flag)).join('');
  const has = (letter: string, long: string): boolean => letters.includes(letter) || read.flags.has(long);
  const isExtract = has('x', '--extract') || read.flags.has('--get');
  const isList = has('t', '--list');
  const isRenamed =
    isExtract && read.values.some(({ option }) => /^(?:--transform|--xform|-s)$/.test(option ?? '')) && !isList;
  addProgram(
    invocation,
    { name: 'tar', classes: ['tool'], arguments: invocation.arguments },
    (isListed && !isList) || (isAnywhere && isExtract) || isRenamed
      ? { doubt: 'unknown_until_run', why: 'which files it takes or writes stands in another file' }
      : {},
  );
  let into: Text = known('.');
  for (const { role, text, option } of read.values) {
    if (role === 'name') {
      if (/^[^/]+:/.test(text.text))
        addHost(invocation, { ...text, text: text.text.split(':')[0] ?? '' }, { way: isExtract ? 'fetch' : 'send' });
      else addPath(invocation, isExtract || isList ? 'read' : 'write', text);
    } else if (role === 'write-tree') into = text;
    else if (role === 'script') {
      const command = option === '--checkpoint-action' ? /^exec=([\s\S]*)$/.exec(text.text)?.[1] : text.text;
      if (command !== undefined && !/^(?:gzip|pigz|bzip2|pbzip2|xz|zstd|lz4|brotli)(?: -\S+)*$/.test(command))
        runScript(
          { ...text, text: command },
          option === '--to-command' ? { ...invocation, stdin: [unknown('what is in the archive')] } : invocation,
        );
    } else if (role === 'read') addPath(invocation, 'read', text);
  }
  if (isExtract) {
    addPath(invocation, 'write', into, { isTree: true });
    for (const text of read.operands) addPath(invocation, 'write', within(into, text));
  } else if (!isList)
    for (const text of read.operands) addPath(invocation, 'read', within(into, text), { isTree: true });
  const toStdout = read.values.every(({ role, text }) => role !== 'name' || text.text === '-');
  return toStdout
    ? [unknown(`an archive of ${read.operands.map(({ text }) => shown(text)).join(' ')}`)]
    : [unknown('what "tar" prints')];
}

function within(into: Text, text: Text): Text {
  return into.text === '.' || text.text.startsWith('/') ? text : { ...text, text: `${into.text}/${text.text}` };
}

export function ddProgram(invocation: Invocation): Value {
  addProgram(invocation, { name: 'dd', classes: ['tool'], arguments: invocation.arguments });
  for (const text of invocation.arguments) {
    const found = /^(if|of)=([\s\S]*)$/.exec(text.text);
    if (found !== null) addPath(invocation, found[1] === 'if' ? 'read' : 'write', { ...text, text: found[2] ?? '' });
  }
  return [unknown('what "dd" copies')];
}

/** `ln -s`: what is behind the name is reached through it from now on. */
export function linkProgram(invocation: Invocation): Value {
  const { state } = invocation;
  const read = readArguments(
    { 'write-tree': '-t --target-directory', text: '-S --suffix' },
    invocation.arguments,
    false,
  );
  addProgram(invocation, { name: 'ln', classes: ['tool'], arguments: invocation.arguments });
  const [target, name] = read.operands;
  if (target === undefined) return [known('')];
  const base = /[^/]+\/*$/.exec(shown(target.text))?.[0] ?? '';
  const written = name ?? known(base);
  const isAbsolute = target.text.startsWith('/') || target.text.startsWith('~');
  addPath(invocation, 'read', target, { why: 'is reached through a link from now on' });
  addPath(invocation, 'write', written);
  const at = onlyText([written]);
  const leads = onlyText([target]);
  if (at !== undefined && leads !== undefined) {
    for (const cwd of state.cwds) {
      const place = absolute(at.replace(/\/+$/, ''), { ...state, cwds: [cwd] });
      const to =
        isAbsolute || read.flags.has('-s') || read.flags.has('--symbolic')
          ? leads
          : absolute(leads, { ...state, cwds: [cwd] });
      state.links.set(normal(place), to);
      if (name !== undefined && base !== '') state.links.set(normal(`${place}/${base}`), to);
    }
  }
  return [known('')];
}

function normal(path: string): string {
  const names: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..') names.pop();
    else if (part !== '' && part !== '.') names.push(part);
  }
  return `/${names.join('/')}`;
}

export function crontabProgram(invocation: Invocation): Value {
  const read = readArguments({ text: '-u' }, invocation.arguments, false);
  const isReading = read.flags.has('-l');
  addProgram(invocation, { name: 'crontab', classes: ['service'], arguments: invocation.arguments });
  if (isReading) return [unknown('the crontab')];
  addName(invocation, 'configure', { of: 'setting', name: 'crontab' }, { why: 'sets up commands that run later' });
  for (const text of read.operands) addPath(invocation, 'read', text);
  for (const text of invocation.stdin ?? []) {
    for (const line of text.text.split('\n').slice(0, 50)) {
      const command = /^\s*(?:@\w+|(?:\S+\s+){4}\S+)\s+(.*)$/.exec(line)?.[1];
      if (command !== undefined) runScript({ ...text, text: command }, { ...invocation, stdin: undefined });
    }
  }
  return [known('')];
}

export function atProgram(invocation: Invocation): Value {
  addProgram(invocation, { name: invocation.name, classes: ['service'], arguments: invocation.arguments });
  addName(invocation, 'configure', { of: 'setting', name: 'at' }, { why: 'sets up commands that run later' });
  for (const text of invocation.stdin ?? [unknown('what is typed in')])
    runScript(text, { ...invocation, stdin: undefined });
  return [known('')];
}

const dockerOptions = {
  name: '-v --volume --mount --env-file --device',
  text: '-e --env -p --publish --name -w --workdir -u --user --network --net --entrypoint -l --label -m --memory --cpus --platform --hostname -h --add-host --cap-add --security-opt --pid --ipc --gpus --restart --log-driver --shm-size --build-arg --target --progress -H --context --config --project-name -c',
  read: '-f --file --cidfile',
};

/** Containers: what of this machine they get, and what runs in them. */
export function containerProgram(invocation: Invocation): Value {
  const { name } = invocation;
  const globals = readArguments(
    { text: '-H --host -c --context --config -l --log-level -p --project-name', read: '-f --file' },
    invocation.arguments,
    true,
  );
  const [subcommand = known(''), ...rest] = globals.operands;
  const word = shown(subcommand.text);
  const isReading =
    word === '' ||
    /^(?:ps|images|logs|inspect|version|info|stats|top|port|diff|events|history|search|ls|config|--version)$/.test(
      word,
    );
  // Which containers there are, and what they wrote; `inspect` shows what they were given.
  // Another machine, settings or plug-ins that are not the person's.
  const isOwn =
    [...globals.flags].every((flag) => /^(?:-D|-v|--debug|--version)$/.test(flag)) &&
    globals.strangers.length === 0 &&
    !invocation.arguments.some(({ text }) => mayBeOption(text)) &&
    !isSteeredByVariables(invocation);
  const isLooking =
    isOwn &&
    (/^(?:ps|images|logs|version|info|stats|top|port)$/.test(word) ||
      (word === 'compose' && /^(?:ps|logs|images|ls|version|top)$/.test(rest[0]?.text ?? '')) ||
      (name.endsWith('-compose') && /^(?:ps|logs|images|top)$/.test(word)));
  addProgram(
    invocation,
    { name: `${name} ${word}`.trim(), classes: [isLooking ? 'tool' : 'container'], arguments: rest },
    (isReading && isOwn) || isLooking
      ? {}
      : { doubt: 'unknown_until_run', why: 'what runs in a container is not followed beyond what it is given' },
  );
  for (const { role, text } of globals.values) {
    if (role === 'read') addPath(invocation, 'read', text);
    else if (/^(?:tcp|ssh):/.test(text.text)) addHost(invocation, text, { way: 'send' });
  }
  if (!/^(?:run|create|exec|container)$/.test(word)) {
    for (const text of rest)
      if (looksLikePath(text) && /^(?:cp|build|load|save|import|export)$/.test(word))
        addPath(invocation, word === 'build' ? 'read' : 'write', text, { isTree: true });
    if (/^(?:push|login)$/.test(word))
      addHost(invocation, rest.find(({ text }) => !text.startsWith('-')) ?? known('docker.io'), {
        way: 'send',
        doubt: 'unknown_until_run',
      });
    return [unknown('what a container prints')];
  }
  const read = readArguments(dockerOptions, rest, true);
  for (const { text, option, role } of read.values) {
    if (option === '-v' || option === '--volume') mounted(invocation, text);
    else if (option === '--mount') {
      const source = /(?:^|,)(?:source|src)=([^,]*)/.exec(text.text)?.[1];
      if (source !== undefined) mounted(invocation, { ...text, text: `${source}:/` });
    } else if (role === 'name' || role === 'read') addPath(invocation, 'read', text);
  }
  const isPrivileged =
    read.flags.has('--privileged') ||
    read.values.some(
      ({ text, option }) =>
        /^--(?:cap-add|pid|ipc|network|net|security-opt)$/.test(option ?? '') &&
        /^(?:host|ALL|SYS_\w+|seccomp=unconfined|apparmor=unconfined)$/.test(text.text),
    );
  if (isPrivileged)
    addName(
      invocation,
      'configure',
      { of: 'setting', name: `${name} --privileged` },
      { why: 'the container has the rights of the machine' },
    );
  return [unknown('what a container prints')];
}

function mounted(invocation: Invocation, text: Text): void {
  const [source = '', , mode = ''] = text.text.split(':');
  if (!/^[/~.]/.test(source) && !text.text.startsWith('\uF8FF')) return;
  const path = { ...text, text: source };
  addPath(invocation, 'read', path, { isTree: true });
  if (!/\bro\b/.test(mode)) addPath(invocation, 'write', path, { isTree: true });
  if (source.endsWith('docker.sock'))
    addName(
      invocation,
      'configure',
      { of: 'setting', name: 'docker.sock' },
      { why: 'who has the socket has the machine' },
    );
}

export function sshKeygenProgram(invocation: Invocation): Value {
  const read = readArguments(
    { read: '-f -s -I', text: '-t -b -C -N -P -m -n -O -z -V -Y', execute: '-D -w' },
    invocation.arguments,
    false,
  );
  addProgram(invocation, { name: invocation.name, classes: ['tool'], arguments: invocation.arguments });
  const isReading = ['-y', '-l', '-e', '-F', '-L', '-B'].some((flag) => read.flags.has(flag));
  for (const { role, text } of read.values) {
    if (role === 'execute') addPath(invocation, 'execute', text, { doubt: 'unknown_until_run' });
    else if (role === 'read') addPath(invocation, isReading ? 'read' : 'write', text);
  }
  for (const text of read.operands) addPath(invocation, 'read', text);
  return [unknown('a key')];
}

/** Stores of secrets, asked by name. */
export function secretProgram(invocation: Invocation): Value {
  const { name, arguments: given } = invocation;
  addProgram(invocation, { name, classes: ['tool'], arguments: given });
  invocation.run.add(
    {
      kind: 'secret',
      target: { kind: 'name', of: 'tool', name: [name, ...given.slice(0, 4).map(({ text }) => shown(text))].join(' ') },
      isCertain: true,
      why: 'asks a store of secrets',
    },
    invocation.where,
  );
  return [unknown('a secret')];
}

/** `gpg`: what it reads and writes, and secret keys it gives away. */
export function gpgProgram(invocation: Invocation): Value {
  const read = readArguments(
    {
      write: '-o --output',
      text: '-r --recipient -u --local-user --homedir --keyserver --passphrase',
      read: '--passphrase-file',
    },
    invocation.arguments,
    false,
  );
  addProgram(invocation, { name: invocation.name, classes: ['tool'], arguments: invocation.arguments });
  for (const { role, text } of read.values)
    if (role !== 'text') addPath(invocation, role === 'write' ? 'write' : 'read', text);
  const isSecret = [...read.flags].some((flag) => /^--(?:export-secret|delete-secret)/.test(flag));
  if (isSecret) return secretProgram(invocation);
  if ([...read.flags].some((flag) => /^--(?:send-keys|recv-keys|search-keys|refresh-keys)$/.test(flag)))
    addHost(invocation, unknown('a key server'), { way: 'send' });
  else for (const text of read.operands) addPath(invocation, 'read', text);
  return [unknown('what "gpg" prints')];
}

/** Editors: what they are told to do before anybody types. */
export function editorProgram(invocation: Invocation): Value {
  const read = readArguments(
    { script: '-c --cmd --eval -eval -E', execute: '-S -s -l -u --load --script' },
    invocation.arguments,
    false,
  );
  addProgram(
    invocation,
    { name: invocation.name, classes: ['tool'], arguments: invocation.arguments },
    { doubt: 'unknown_until_run', why: 'an editor runs commands of its own' },
  );
  for (const { role, text } of read.values) {
    const command = /^:?\s*!\s*([\s\S]*)$/.exec(text.text)?.[1];
    if (role === 'script' && command !== undefined) runScript({ ...text, text: command }, invocation);
    else if (role === 'execute') addPath(invocation, 'read', text);
  }
  for (const text of invocation.stdin ?? []) {
    const command = /^!\s*(.*)$/m.exec(text.text)?.[1];
    if (command !== undefined) runScript({ ...text, text: command }, { ...invocation, stdin: undefined });
  }
  for (const text of read.operands) {
    const command = /^\+:?!\s*([\s\S]*)$/.exec(text.text)?.[1];
    if (command !== undefined) runScript({ ...text, text: command }, invocation);
    else if (!text.text.startsWith('+')) {
      addPath(invocation, 'read', text);
      addPath(invocation, 'write', text);
    }
  }
  return [unknown(`what "${invocation.name}" prints`)];
}

/** `su`, `sudo -e`: sudo runs a command, or edits as root. */
export function sudoProgram(invocation: Invocation): Value {
  const read = readArguments(
    { text: '-u -g -h -p -C -r -t -T -U --user --group --host --prompt', 'read-tree': '-D -R --chdir --chroot' },
    invocation.arguments,
    true,
  );
  addProgram(invocation, { name: invocation.name, classes: ['privilege'], arguments: invocation.arguments });
  const assignments = read.operands.findIndex(({ text }) => !/^\w+=/.test(text));
  const command = assignments === -1 ? [] : read.operands.slice(assignments);
  if (read.flags.has('-e') || read.flags.has('--edit')) {
    for (const text of command) addPath(invocation, 'write', text);
    return [known('')];
  }
  if (command.length === 0) return [unknown('a shell with other rights')];
  return runCommand(command, invocation);
}
