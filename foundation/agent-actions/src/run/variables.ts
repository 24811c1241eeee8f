import { addName, addPath } from './effects.ts';
import type { Around, Run } from './run.ts';
import { isKnown, onlyText, shown, unknown } from './text.ts';
import type { Value } from './text.ts';
import { variableRule } from './variable-rules.ts';

/** Sets a variable of the shell alone: `name=value`, `read name`, `for name in`, `printf -v name`. */
export function assignShellVariable(name: string, value: Value, around: Around & { readonly run: Run }): void {
  const { state } = around;
  const isNew = !state.variables.has(name) || state.unexported.has(name);
  assignVariable(name, value, around);
  if (isNew && !state.exportsAll) state.unexported.add(name);
}

/** Sets a variable, and says what that changes for the programs that see it. */
export function assignVariable(name: string, value: Value, around: Around & { readonly run: Run }): void {
  const { state, run } = around;
  state.variables.set(name, value);
  state.arrays.delete(name);
  state.unexported.delete(name);
  for (const text of value) {
    const rule = variableRule(name, text.text);
    if (rule === undefined) continue;
    if (rule === 'file') {
      addPath(around, 'write', text);
      continue;
    }
    const doubt = isKnown(text) || rule === 'guard' ? undefined : 'unknown_until_run';
    addName(
      around,
      'configure',
      { of: 'variable', name },
      { doubt, why: whys[rule](name, shown(text.text).slice(0, 100)) },
    );
    if (rule === 'command') {
      const command = onlyText([text]);
      run.script(command === undefined ? unknown(`the value of "${name}" is not known`) : text, {
        ...around,
        where: { ...around.where, through: [...around.where.through, name] },
        stdin: undefined,
      });
    }
    if (rule === 'output') addPath(around, 'write', text);
    if (rule === 'search') state.replaced.set('*', 'PATH was changed: programs may be others than their names say');
  }
}

const whys = {
  command: (name: string, value: string) => `"${name}" makes later programs run "${value}"`,
  code: (name: string, value: string) => `"${name}" loads "${value}" into later programs`,
  search: (name: string, value: string) => `"${name}" is now "${value}": later programs are found there`,
  proxy: (name: string, value: string) => `"${name}" sends later requests through or to "${value}"`,
  output: (name: string, value: string) => `"${name}" makes later programs write to "${value}"`,
  guard: (name: string) => `"${name}" changes how the agent itself is set up or watched`,
};
