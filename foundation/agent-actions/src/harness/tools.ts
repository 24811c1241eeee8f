import { addHost, addPath } from '../run/effects.ts';
import { addPatch, isPatchAlone } from './apply-patch.ts';
import { addNamed, bounded, effectOf, isList, isObject, textAt, textsAt, whereOf } from './call.ts';
import type { Call } from './call.ts';
import { addContent } from '../content/written-content.ts';
import { runArgumentList, runShellText } from './shell-call.ts';

/** Reads one tool; false where the arguments are not what the tool takes. */
type ReadTool = (call: Call) => boolean;

const pathNames = [
  'file_path',
  'path',
  'absolute_path',
  'notebook_path',
  'filePath',
  'target_file',
  'dir_path',
  'directory',
] as const;

function shell(call: Call): boolean {
  const folders = textsAt(call.input, ['workdir', 'cwd', 'dir_path', 'directory', 'working_directory']);
  if (new Set(folders.map(({ text }) => text)).size > 1)
    call.run.refuse('not_a_call', 'Cannot judge where it runs: several folders are named', whereOf('workdir', ''));
  const cwd = folders[0]?.text;
  const at = cwd === undefined ? undefined : cwd.startsWith('/') ? cwd : `${call.context.cwd}/${cwd}`;
  const text = textAt(call.input, 'command', 'cmd', 'script');
  if (
    call.input['dangerouslyDisableSandbox'] === true ||
    call.input['with_escalated_permissions'] === true ||
    call.input['sandbox_permissions'] === 'require_escalated'
  ) {
    addNamed(
      call,
      'configure',
      { kind: 'name', of: 'setting', name: 'sandbox' },
      { why: 'asks to run outside the sandbox' },
    );
  }
  if (text !== undefined) {
    // Codex itself takes a patch out of a command that is nothing else; everywhere else it is a command like any.
    if (call.context.harness === 'codex' && isPatchAlone(text.text)) return addPatch(call, text.name, text.text);
    runShellText(call, text.name, text.text, at);
    return true;
  }
  const list = call.input['command'] ?? call.input['argv'];
  if (isList(list) && list.length === 2 && list[0] === 'apply_patch' && typeof list[1] === 'string')
    return addPatch(call, 'command.1', list[1]);
  return runArgumentList(call, 'command', list, at);
}

function readFile(call: Call): boolean {
  const paths = textsAt(call.input, pathNames);
  for (const path of paths) addPath(effectOf(call, path.name, path.text), 'read', { text: path.text });
  return paths.length > 0;
}

function readMany(call: Call): boolean {
  const lists = ['paths', 'include'].flatMap((name) => {
    const list = call.input[name];
    return isList(list) ? [{ name, list }] : [];
  });
  for (const { name, list } of lists)
    for (const [index, path] of bounded(call, name, list).entries()) {
      if (typeof path !== 'string') return false;
      const text = path.replaceAll('*', '\uE000');
      addPath(effectOf(call, `${name}.${index}`, path), 'read', { text }, { isTree: true });
    }
  return readFile(call) || lists.length > 0;
}

function writeFile(call: Call): boolean {
  const paths = textsAt(call.input, pathNames);
  const [path] = paths;
  if (path === undefined) return false;
  for (const each of paths) addPath(effectOf(call, each.name, each.text), 'write', { text: each.text });
  const content = textAt(call.input, 'content', 'contents', 'new_string', 'new_source', 'code_edit', 'file_text');
  if (content !== undefined) addContent(call, path.text, content);
  if (isList(call.input['edits'])) {
    for (const [index, edit] of bounded(call, 'edits', call.input['edits']).entries()) {
      const text = isObject(edit) ? textAt(edit, 'new_string', 'newText') : undefined;
      if (text !== undefined) addContent(call, path.text, { name: `edits.${index}.${text.name}`, text: text.text });
    }
  }
  return true;
}

function deleteFile(call: Call): boolean {
  const paths = textsAt(call.input, pathNames);
  for (const path of paths)
    addPath(effectOf(call, path.name, path.text), 'delete', { text: path.text }, { isTree: true });
  return paths.length > 0;
}

/** Search by pattern, below a directory. */
function searchFiles(call: Call): boolean {
  const path = textAt(call.input, 'path', 'dir_path', 'directory', 'target_directory');
  const at = path?.text ?? '.';
  const isGlob = /glob/i.test(call.tool);
  const pattern = isGlob ? textAt(call.input, 'pattern', 'glob_pattern') : textAt(call.input, 'glob', 'include');
  if (isGlob && pattern === undefined) return false;
  const within =
    pattern === undefined
      ? at
      : pattern.text.startsWith('/') || pattern.text.startsWith('~')
        ? pattern.text
        : `${at}/${pattern.text}`;
  const name = path?.name ?? pattern?.name ?? 'path';
  // A pattern with ** names only what lies below what is before it.
  const start = within.split('**')[0] ?? within;
  addPath(
    effectOf(call, name, within),
    'read',
    { text: (isGlob ? start : at).replaceAll('*', '\uE000') },
    { isTree: true },
  );
  if (pattern !== undefined && !pattern.text.includes('**/*')) {
    addPath(
      effectOf(call, pattern.name, pattern.text),
      'read',
      { text: within.replaceAll('**/', '').replaceAll('*', '\uE000') },
      { isTree: true },
    );
  }
  return true;
}

/** A page that is fetched: by an address, or by those that stand in a prompt. */
function fetchPage(call: Call): boolean {
  const url = textAt(call.input, 'url');
  if (url !== undefined) {
    if (/^file:/i.test(url.text))
      addPath(effectOf(call, url.name, url.text), 'read', { text: url.text.replace(/^file:(?:\/\/)?/i, '') });
    else addHost(effectOf(call, url.name, url.text), { text: url.text }, { way: 'fetch', scheme: 'https' });
    return true;
  }
  const prompt = textAt(call.input, 'prompt', 'query');
  const urls = prompt?.text.match(/https?:\/\/[^\s"'<>)\]]+/gi) ?? [];
  for (const found of bounded(call, prompt?.name ?? 'prompt', urls, 20))
    addHost(effectOf(call, prompt?.name ?? '', found), { text: found }, { way: 'fetch' });
  return urls.length > 0;
}

function searchWeb(call: Call): boolean {
  const query = textAt(call.input, 'query', 'search_term', 'q');
  if (query === undefined) return false;
  addNamed(
    call,
    'network',
    { kind: 'host', host: 'web-search', classes: ['public'], way: 'look-up' },
    { argument: query.name, text: query.text },
  );
  return true;
}

function subAgent(call: Call): boolean {
  const name = textAt(call.input, 'subagent_type', 'agent_type', 'name', 'description')?.text ?? 'agent';
  addNamed(
    call,
    'execute',
    { kind: 'name', of: 'agent', name },
    {
      argument: 'prompt',
      text: textAt(call.input, 'prompt', 'message', 'objective')?.text ?? '',
      why: 'its own calls are judged one by one',
    },
  );
  return true;
}

/** Changes nothing but the session itself. */
function inner(call: Call): boolean {
  addNamed(call, 'other', { kind: 'name', of: 'tool', name: call.tool });
  return true;
}

function stopProcess(call: Call): boolean {
  addNamed(call, 'other', {
    kind: 'name',
    of: 'process',
    name: textAt(call.input, 'shell_id', 'task_id', 'bash_id', 'session_id')?.text ?? '*',
  });
  return true;
}

/** A memory that later sessions read. */
function remember(call: Call): boolean {
  addNamed(
    call,
    'write',
    { kind: 'name', of: 'setting', name: 'memory' },
    { argument: 'fact', text: textAt(call.input, 'fact', 'content', 'memory')?.text ?? '' },
  );
  addNamed(
    call,
    'configure',
    { kind: 'name', of: 'setting', name: 'memory' },
    { why: 'later sessions read and obey it' },
  );
  return true;
}

function patch(call: Call): boolean {
  const text = textAt(call.input, 'input', 'patch', 'command');
  return text !== undefined && addPatch(call, text.name, text.text);
}

/** Keys typed into a program that runs: where it is a shell, a command. */
function typeInto(call: Call): boolean {
  const text = textAt(call.input, 'chars', 'input', 'text');
  if (text === undefined) return false;
  if (text.text === '' || text.text === '\u0003') return inner(call);
  runShellText(call, text.name, text.text);
  addNamed(
    call,
    'execute',
    { kind: 'name', of: 'process', name: '*' },
    {
      argument: text.name,
      text: text.text,
      doubt: 'unknown_until_run',
      why: 'is typed into a program that runs already',
    },
  );
  return true;
}

function changeSettings(call: Call): boolean {
  addNamed(
    call,
    'configure',
    { kind: 'name', of: 'setting', name: call.tool },
    { why: 'changes how the agent itself is set up' },
  );
  return true;
}

/** Tools of the harnesses by their names; Cursor's are its hooks. Data. */
export const harnessTools: ReadonlyMap<string, ReadTool> = new Map<string, ReadTool>([
  // Claude Code
  ...entries('Bash BashOutputCommand PowerShell Monitor', shell),
  ...entries('Read NotebookRead LS', readFile),
  ...entries('Write Edit MultiEdit NotebookEdit', writeFile),
  ...entries('Glob Grep', searchFiles),
  ...entries('WebFetch', fetchPage),
  ...entries('WebSearch', searchWeb),
  ...entries('Task Agent', subAgent),
  ...entries(
    'TodoWrite TodoRead TaskCreate TaskUpdate TaskGet TaskList TaskOutput BashOutput AgentOutput ExitPlanMode EnterPlanMode AskUserQuestion ToolSearch ListMcpResourcesTool SendUserMessage Sleep',
    inner,
  ),
  ...entries('KillShell KillBash TaskStop', stopProcess),
  ...entries('Config EnterWorktree ExitWorktree CronCreate CronDelete ScheduleWakeup', changeSettings),
  // Codex
  ...entries('shell local_shell shell_command exec_command container.exec unified_exec', shell),
  ...entries('write_stdin', typeInto),
  ...entries('apply_patch', patch),
  ...entries('update_plan view_plan request_user_input', inner),
  ...entries('view_image read_file_lines', readFile),
  ...entries('web_search', searchWeb),
  ...entries('spawn_agent send_input', subAgent),
  // Gemini CLI
  ...entries('run_shell_command', shell),
  ...entries('read_file list_directory', readFile),
  ...entries('read_many_files', readMany),
  ...entries('write_file replace', writeFile),
  ...entries('glob search_file_content grep_search', searchFiles),
  ...entries('web_fetch', fetchPage),
  ...entries('google_web_search', searchWeb),
  ...entries('save_memory', remember),
  ...entries('write_todos ask_user activate_skill enter_plan_mode exit_plan_mode', inner),
  // Cursor
  ...entries('beforeShellExecution Shell run_terminal_cmd', shell),
  ...entries('beforeReadFile beforeTabFileRead afterFileRead', readFile),
  ...entries('afterFileEdit edit_file search_replace StrReplace', writeFile),
  ...entries('delete_file Delete', deleteFile),
  ...entries('codebase_search list_dir file_search', searchFiles),
]);

function entries(names: string, read: ReadTool): (readonly [string, ReadTool])[] {
  return names.split(' ').map((name) => [name, read]);
}
