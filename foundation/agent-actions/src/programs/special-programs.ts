import type { Invocation } from '../run/run.ts';
import type { Value } from '../run/text.ts';
import { containerProgram } from './containers.ts';
import { ddProgram, linkProgram } from './copying.ts';
import { editorProgram } from './editors.ts';
import { gitProgram } from './git/git-program.ts';
import { guardProgram } from './guard.ts';
import { interpreterProgram, shellProgram } from './interpreters.ts';
import { gpgProgram, secretProgram, sshKeygenProgram } from './keys.ts';
import { fetchedProgram, packageProgram } from './packages.ts';
import { patchProgram } from './patches.ts';
import { debuggerProgram, observingProgram } from './observing.ts';
import { powershellProgram } from './powershell.ts';
import { killProgram } from './processes.ts';
import { filterProgram, processesProgram } from './revealing.ts';
import { serviceProgram } from './services.ts';
import { crontabProgram, atProgram } from './scheduling.ts';
import * as starters from './starters.ts';
import { tarProgram } from './tar.ts';
import { awkProgram, sedProgram } from './text-languages.ts';
import * as transfer from './transfer.ts';
import { copyingArchiveProgram, removeProgram, unzipProgram } from './unpacking.ts';
import {
  flockProgram,
  manualProgram,
  measuringProgram,
  pagerProgram,
  sudoProgram,
  terminalProgram,
  watchingProgram,
} from './wrapping.ts';

type Judge = (invocation: Invocation) => Value;

/** Programs that a row of the table cannot say: who judges them. */
const table: readonly (readonly [string, Judge])[] = [
  ['sh bash dash zsh ksh mksh ash fish csh tcsh rbash', shellProgram],
  ['python python2 python3 node nodejs perl ruby php lua luajit deno bun osascript Rscript julia tclsh guile', interpreterProgram],
  ['strace ltrace valgrind perf', observingProgram],
  ['gdb lldb', debuggerProgram],
  ['tmux screen', terminalProgram],
  ['pwsh powershell', powershellProgram],
  ['kill pkill killall skill', killProgram],
  ['awk gawk mawk nawk', awkProgram],
  ['sed gsed', sedProgram],
  ['env', starters.envProgram],
  ['timeout gtimeout', starters.timeoutProgram],
  ['watch', starters.watchProgram],
  ['xargs parallel', starters.xargsProgram],
  ['find gfind', starters.findProgram],
  ['busybox toybox', starters.multiProgram],
  ['ssh autossh mosh sshpass', starters.sshProgram],
  ['curl', transfer.curlProgram],
  ['wget', transfer.wgetProgram],
  ['nc ncat netcat nc.openbsd nc.traditional socat', transfer.streamProgram],
  ['scp rsync sftp rclone', transfer.copyProgram],
  ['openssl', transfer.opensslProgram],
  ['git', gitProgram],
  ['npm pnpm yarn pip pip2 pip3 pipenv poetry uv pdm hatch conda mamba gem bundle composer brew apt apt-get aptitude dnf yum zypper pacman apk snap flatpak port mise asdf direnv nix choco winget scoop cpan cpanm luarocks opam', packageProgram],
  ['npx bunx pnpx uvx pipx', fetchedProgram],
  ['tar gtar bsdtar', tarProgram],
  ['unzip unrar', unzipProgram],
  ['cpio pax', copyingArchiveProgram],
  ['rm', removeProgram],
  ['less zless more most', pagerProgram],
  ['kubectl helm terraform tofu pulumi ansible ansible-playbook aws gcloud az doctl flyctl heroku vercel netlify wrangler gh glab hub firebase supabase sam cdk serverless', serviceProgram],
  ['dd', ddProgram],
  ['ln', linkProgram],
  ['crontab', crontabProgram],
  ['at batch', atProgram],
  ['docker podman nerdctl docker-compose podman-compose', containerProgram],
  ['ssh-keygen ssh-add ssh-keyscan', sshKeygenProgram],
  ['security secret-tool keyctl pass op bw lpass vault', secretProgram],
  ['gpg gpg2', gpgProgram],
  ['vi vim nvim ex ed view emacs nano pico', editorProgram],
  ['sudo doas', sudoProgram],
  ['sallyport sallyport-guard', guardProgram],
  ['printenv', starters.printenvProgram],
  ['patch gpatch', patchProgram],
  ['jq gojq jaq yq', filterProgram],
  ['ps', processesProgram],
  ['flock', flockProgram],
  ['entr nodemon watchexec', watchingProgram],
  ['hyperfine', measuringProgram],
  ['man', manualProgram],
]; // prettier-ignore

const judges: ReadonlyMap<string, Judge> = new Map(
  table.flatMap(([names, judge]) => names.split(' ').map((name) => [name, judge])),
);

export function specialPrograms(name: string): Judge | undefined {
  return (
    judges.get(name) ??
    (/^(?:powershell|pwsh)/i.test(name) ? judges.get('pwsh') : undefined) ??
    (/^(?:python|pip|perl|ruby|php|lua|node)\d[\d.]*$/.test(name) ? judges.get(name.replace(/[\d.]+$/, '')) : undefined)
  );
}
