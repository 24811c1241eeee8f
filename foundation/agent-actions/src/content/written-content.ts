import { addName } from '../run/effects.ts';
import { effectOf } from '../harness/call.ts';
import type { Call } from '../harness/call.ts';
import { disguisesOf } from './look-alikes.ts';

/** Settings of git with programs in them. */
const gitRuns =
  /^\s*\[\s*(?:alias|filter|difftool|mergetool|include|includeif|credential|pager|sequence)\b|\b(?:fsmonitor|hookspath|sshcommand|askpass|gitproxy|attributesfile|textconv|external|pager|editor|worktree|uploadpack|packobjectshook)\s*=/im;

/** Contents that make a harmless path do something: scripts that a package manager runs, and what a reader does not see. */
export function addContent(
  call: Call,
  path: string,
  { name, text }: { readonly name: string; readonly text: string },
): void {
  const base = path.slice(path.lastIndexOf('/') + 1).toLowerCase();
  const effect = effectOf(call, name, text);
  if (
    base === 'package.json' &&
    /"(?:pre|post)?(?:install|prepare|prepublish\w*|preversion|version|postversion)"\s*:/.test(text)
  ) {
    addName(
      effect,
      'configure',
      { of: 'setting', name: 'package.json lifecycle script' },
      { why: 'installing the package runs it' },
    );
  }
  if (
    base === '.npmrc' &&
    /(?:^|\n)\s*(?:registry|script-shell|node-options|git|globalconfig|prefix|ignore-scripts|\/\/[^=]*:_authToken)\s*=/.test(
      text,
    )
  ) {
    addName(
      effect,
      'configure',
      { of: 'setting', name: '.npmrc' },
      { why: 'changes what package managers run or where they fetch from' },
    );
  }
  // Beside HEAD, objects and refs it makes any directory a repository.
  if (/^config(?:\.worktree)?$/.test(base) && /^\s*\[[^\]]+\]/m.test(text) && gitRuns.test(text)) {
    addName(
      effect,
      'configure',
      { of: 'setting', name: 'git config' },
      { why: 'git would run what these settings say, where it takes the directory for a repository' },
    );
  }
  if (base === '.gitattributes' && /\b(?:filter|diff|merge)=/.test(text)) {
    addName(
      effect,
      'configure',
      { of: 'setting', name: '.gitattributes' },
      { why: 'git may run a program for files it touches' },
    );
  }
  if (base === 'tasks.json' && /runOn"\s*:\s*"folderOpen/.test(text)) {
    addName(effect, 'configure', { of: 'setting', name: 'tasks.json' }, { why: 'opening the folder runs a command' });
  }
  const disguises = disguisesOf(
    text.slice(0, 200_000).replaceAll(/\r\n|[\u00A0\u2000-\u200A\u3000]|\uFE0F/g, ' '),
  ).filter((entry) => entry === 'invisible');
  if (disguises.length > 0 && !/^\uFEFF[^\u200B-\u200F\u202A-\u202E\u2060-\u206F\u{E0000}-\u{E007F}]*$/u.test(text)) {
    addName(
      { ...effect, where: { ...effect.where, disguises } },
      'other',
      { of: 'setting', name: 'invisible text' },
      { doubt: 'unknown_until_run', why: 'what is written holds characters that a reader does not see' },
    );
  }
}
