import { addHost, addName, addPath, addProgram } from '../run/effects.ts';
import type { Invocation } from '../run/run.ts';
import { known, shown, unknown } from '../run/text.ts';
import type { Text, Value } from '../run/text.ts';
import { looksLikePath } from './apply-rule.ts';
import { readArguments } from './arguments.ts';
import { isSteeredByVariables, mayBeOption } from './looking.ts';

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
      (word === 'inspect' && showsPlainly(rest)) ||
      (word === 'compose' && isLookingCompose(rest)) ||
      (name.endsWith('-compose') && isLookingCompose([subcommand, ...rest])));
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

/** `compose config` shows what variables hold, unless only names are asked for. */
function isLookingCompose([first, ...rest]: readonly Text[]): boolean {
  const word = first?.text ?? '';
  return (
    /^(?:ps|logs|images|ls|version|top)$/.test(word) ||
    (word === 'config' &&
      rest.length === 1 &&
      /^(?:--(?:services|volumes|images|profiles|quiet|networks)|-q)$/.test(rest[0]?.text ?? ''))
  );
}

/** `inspect --format`, where it asks for none of what a container was given. Of several formats the last counts, so that there must be one alone. */
function showsPlainly(rest: readonly Text[]): boolean {
  const at = rest.findIndex(({ text }) => /^(?:-f|--format)(?:=|$)/.test(text));
  const isJoined = rest[at]?.text.includes('=') === true;
  const format = (isJoined ? rest[at]?.text.replace(/^[^=]*=/, '') : rest[at + 1]?.text) ?? '';
  return (
    at !== -1 &&
    rest.every(({ text }, index) => index === at || !text.startsWith('-') || text === '--type=container') &&
    format.includes('{{') &&
    !/^\s*(?:json|table)/.test(format) &&
    /^(?:\{\{\s*\.(?:State|Id|Name|Created|Image|RestartCount|NetworkSettings)(?:\.\w+)*\s*\}\}|[\w :,-])+$/.test(
      format,
    )
  );
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
