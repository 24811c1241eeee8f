import { addName, addPath } from '../../run/effects.ts';
import type { Invocation } from '../../run/run.ts';
import { known, shown, unknown } from '../../run/text.ts';
import type { Text, Value } from '../../run/text.ts';
import { readArguments } from '../arguments.ts';
import { runScript } from '../start.ts';

/** Settings of git whose value git runs, or that say where programs and hooks are. */
const runningSetting =
  /^(?:core\.(?:pager|editor|sshcommand|fsmonitor|askpass|gitproxy|hookspath|attributesfile|worktree|alternaterefscommand)|pager\..+|sequence\.editor|diff\.(?:external|.+\.(?:command|textconv))|difftool\..+|mergetool\..+|merge\..+\.driver|filter\..+\.(?:clean|smudge|process)|credential\.(?:helper|.+\.helper)|gpg\.(?:program|.+\.program)|gpg\.ssh\.defaultkeycommand|alias\..+|include\.path|includeif\..+|ssh\.variant|uploadpack\.packobjectshook|remote\..+\.(?:uploadpack|receivepack|vcs)|url\..+|protocol\..+|http\.(?:proxy|.+\.proxy|sslverify|.+\.sslverify|cookiefile)|interactive\.difffilter|sendemail\.(?:smtpserver|tocmd|cccmd)|browser\..+|web\.browser|init\.templatedir|extensions\..+|submodule\..+\.update|man\..+|tar\..+\.command|trailer\..+|commit\.template|instaweb\..+|blame\.ignorerevsfile|core\.notesref|remote\.pushdefault|(?:remote\..+\.(?:url|pushurl|proxy)|branch\..+\.(?:remote|pushremote)))$/i;

const harmlessSettings = /^(?:cat|less|true|false|vim?|nano|store|cache|osxkeychain)?$/;

/** `-c name=value` and `git config name value`. */
export function addSetting(invocation: Invocation, text: Text): void {
  const [, name = '', value = ''] = /^([^=]*)=?([\s\S]*)$/.exec(text.text) ?? [];
  if (!runningSetting.test(shown(name)) || harmlessSettings.test(value)) return;
  // The name of a remote, not where it is.
  if (/^(?:branch\.|remote\.pushdefault)/i.test(name) && /^[\w.-]+$/.test(value) && !/\.\w+$/.test(value)) return;
  addName(
    invocation,
    'configure',
    { of: 'setting', name: `git ${shown(name)}` },
    { why: `git runs or follows "${shown(value).slice(0, 100)}"` },
  );
  const command = value.replace(/^!/, '');
  const isCommand =
    !/hookspath|attributesfile|include|url|^branch\.|^remote\.|notesref|proxy$|sslverify|templatedir|worktree|protocol|cookiefile/i.test(
      name,
    );
  const isShellAlias = !/^alias\./i.test(name) || value.startsWith('!');
  if (isCommand && isShellAlias && command !== '') runScript({ ...text, text: command }, invocation);
}

/** `git config`: what is read, and what is set. */
export function configureGit(invocation: Invocation, given: readonly Text[]): Value {
  const { operands, flags, values } = readArguments(
    { read: '-f --file --fi --fil', text: '--blob --type --default --comment --value' },
    given,
    false,
  );
  const isReading =
    [...flags].some((flag) => /^(?:--get|--list|-l|--get-all|--get-regexp|--show-origin)/.test(flag)) ||
    /^(?:get|list)$/.test(operands[0]?.text ?? '');
  if (flags.has('-e') || flags.has('--edit') || operands[0]?.text === 'edit')
    addName(
      invocation,
      'configure',
      { of: 'setting', name: 'git config' },
      { doubt: 'unknown_until_run', why: 'opens the settings of git in an editor' },
    );
  // Another file than the repository's own.
  for (const { role, text } of values) if (role === 'read') addPath(invocation, isReading ? 'read' : 'write', text);
  const [name, value] = /^(?:set|unset|add)$/.test(operands[0]?.text ?? '') ? operands.slice(1) : operands;
  if (isReading || name === undefined || (value === undefined && !flags.has('--unset')))
    return [unknown('a setting of git')];
  const isGlobal = flags.has('--global') || flags.has('--system');
  if (isGlobal) addPath(invocation, 'write', known(`${invocation.run.context.home ?? '/home/*'}/.gitconfig`));
  const text = `${name.text}=${value?.text ?? ''}`;
  addSetting(invocation, { text });
  const isPlain =
    /^(?:user\.(?:name|email)|pull\.(?:rebase|ff)|init\.defaultbranch|color\..+|branch\..+|push\.\w+|merge\.\w+|rerere\.\w+|core\.(?:autocrlf|filemode|ignorecase|quotepath|eol|longpaths)|advice\..+|fetch\.\w+|diff\.\w+)$/i.test(
      shown(name.text),
    );
  if (!isPlain && !runningSetting.test(shown(name.text)))
    addName(
      invocation,
      'configure',
      { of: 'setting', name: `git ${shown(name.text)}` },
      { why: 'changes how git works' },
    );
  return [known('')];
}
