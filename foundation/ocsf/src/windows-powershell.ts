import { defined } from './event.ts';
import type { JsonObject } from './event.ts';
import { firstText, text } from './fields.ts';
import { actor, maps } from './windows-mapping.ts';
import type { Mapping } from './windows-mapping.ts';
import { file, user } from './windows-objects.ts';

function script(contentFields: readonly string[]): Mapping {
  return maps(1009, 1, ['script'], (record) => {
    const { fields } = record;
    const content = firstText(fields, contentFields) ?? unnamed(fields);
    const claimed = user(text(fields, 'AccountName'), text(fields, 'Domain'), record.userId);
    return {
      actor: actor(record, { user: claimed ?? user(detail(content, 'UserId')) }),
      script:
        content === undefined
          ? undefined
          : defined({
              type_id: 2,
              script_content: { value: content },
              uid: text(fields, 'ScriptBlockId'),
              file: file(text(fields, 'Path') ?? detail(content, 'ScriptName')),
            }),
    };
  });
}

/** The classic log has no names for its data: a list of texts, of which converters make `Data`. */
function unnamed(fields: JsonObject): string | undefined {
  const data = fields['Data'];
  const texts = Array.isArray(data) ? data.filter((part) => typeof part === 'string') : [];
  return text({ joined: texts.slice(0, 16).join('\n') }, 'joined');
}

/** A `Name=value` line of the text in which the classic log says who and where. */
function detail(content: string | undefined, name: string): string | undefined {
  const start = content?.indexOf(`\t${name}=`) ?? -1;
  if (content === undefined || start < 0) return undefined;
  const [line = ''] = content.slice(start + name.length + 2, start + 4096).split('\n', 1);
  return text({ line: line.trim() }, 'line');
}

/** The engine, or a provider in it, starts or stops. */
function lifecycle(activityId: number): Mapping {
  return maps(6002, activityId, [], (record) => ({
    actor: actor(record, { user: user(undefined, undefined, record.userId) }),
    app: { name: 'PowerShell', vendor_name: 'Microsoft' },
  }));
}

/** Event ids of Microsoft-Windows-PowerShell, PowerShellCore and the classic PowerShell log to OCSF classes. */
export const powershellMappings: ReadonlyMap<number, Mapping> = new Map([
  [400, lifecycle(3)],
  [403, lifecycle(4)],
  [600, lifecycle(3)],
  [800, script(['Message'])],
  [4103, script(['Payload', 'ContextInfo', 'Message'])],
  [4104, script(['ScriptBlockText', 'Message'])],
]);
