import { join } from 'node:path';
import { folderInEnvironment } from '../config.ts';
import { isJsonObject, parseJson } from '../json-reading.ts';
import { readBoundedFileSync } from '../regular-file.ts';

const maxSettingsBytes = 4 * 1024 * 1024;

/**
 * Whether the settings of a harness say nothing of telemetry: then it tells us. What somebody chose for themselves stays, also where it
 * is to tell nobody. `folders`: where it works, and its person's own.
 */
export function tellsByDefault(harness: string, folders: { readonly home: string; readonly project: string }): boolean {
  switch (harness) {
    case 'codex':
      return !codexSettings(folders).some((text) => /^\s*(?:\[+\s*)?["']?otel["']?\s*[.=\]]/m.test(text));
    case 'gemini-cli':
      return [folders.home, folders.project].every((folder) => {
        const settings = parseJson(textOf(join(folder, '.gemini', 'settings.json')));
        return !isJsonObject(settings) || settings['telemetry'] === undefined;
      });
    default:
      return false;
  }
}

/**
 * Codex takes where to from its settings alone; what stands on its command line goes over them. Whose run it is it finds in the environment,
 * where nobody sees it who lists processes; what it starts itself does not get that, unless its settings say of their own what that gets.
 */
export function codexArguments(
  server: string,
  caFile: string | undefined,
  folders: { readonly home: string; readonly project: string },
): readonly string[] {
  const tls = caFile === undefined ? '' : `, tls = { ca-certificate = ${quoted(caFile)} }`;
  const http = `endpoint = ${quoted(`${server}/v1/agent/telemetry`)}, protocol = "json"${tls}`;
  const isTheirs = codexSettings(folders).some((text) => text.includes('shell_environment_policy'));
  return [
    '-c',
    `otel.exporter={ otlp-http = { ${http} } }`,
    '-c',
    'otel.log_user_prompt=false',
    ...(isTheirs ? [] : ['-c', 'shell_environment_policy.exclude=["OTEL_EXPORTER_OTLP_LOGS_*"]']),
  ];
}

function codexSettings({ home, project }: { readonly home: string; readonly project: string }): readonly string[] {
  return [codexFolder(home), join(project, '.codex')].map((folder) => textOf(join(folder, 'config.toml')));
}

/** A basic string of TOML, which JSON's are but for one sign. */
function quoted(text: string): string {
  return JSON.stringify(text).replaceAll('\u007f', String.raw`\u007f`);
}

function codexFolder(home: string): string {
  return folderInEnvironment('CODEX_HOME') ?? join(home, '.codex');
}

function textOf(file: string): string {
  try {
    return readBoundedFileSync(file, maxSettingsBytes).toString('utf8');
  } catch {
    return '';
  }
}
