import { statSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';

type Environment = Readonly<Record<string, string | undefined>>;

const openers: Readonly<Partial<Record<NodeJS.Platform, readonly [string, ...string[]]>>> = {
  darwin: ['open'],
  win32: ['rundll32.exe', 'url.dll,FileProtocolHandler'],
};

/**
 * Has the person's browser show an address of the web. No shell reads it; where no program for that is found, or nothing can be shown, it
 * does nothing, since the address is printed too.
 */
export async function openBrowser(url: URL, environment: Environment, platform = process.platform): Promise<void> {
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return;
  const isSeen =
    platform === 'darwin' ||
    platform === 'win32' ||
    [environment['DISPLAY'], environment['WAYLAND_DISPLAY']].some((value) => value !== undefined && value !== '');
  if (!isSeen) return;
  const [name, ...first] = openers[platform] ?? ['xdg-open'];
  // Not of a folder somebody stands in.
  const program = (environment['PATH'] ?? '')
    .split(delimiter)
    .filter((folder) => isAbsolute(folder))
    .map((folder) => join(folder, name))
    .find((file) => statSync(file, { throwIfNoEntry: false })?.isFile() === true);
  if (program === undefined) return;
  const { spawn } = await import('node:child_process');
  const ours = Object.entries(environment).filter(([variable]) => !variable.startsWith('SALLYPORT_'));
  const child = spawn(program, [...first, url.href], {
    stdio: 'ignore',
    detached: true,
    shell: false,
    env: Object.fromEntries(ours),
  });
  child.on('error', () => undefined);
  child.unref();
}
