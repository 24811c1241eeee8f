import type { ProgramRule } from './rule.ts';

const project = { doubt: 'project_code' } as const;

/** Programs that run other programs, or code of a project, or change what runs. */
export const runningPrograms: readonly ProgramRule[] = [
  // A command to run in turn.
  { names: 'nohup setsid setarch i386 linux64 unbuffer caffeinate exec builtin doas-edit rlwrap dotenv chronic', first: 'command', operands: 'text', options: { text: '-a' } },
  { names: 'time gtime', first: 'command', operands: 'text', options: { text: '-f --format', write: '-o --output' } },
  { names: 'nice ionice chrt taskset', first: 'command', operands: 'text', options: { text: '-n -c -p -t --adjustment --class --classdata' } },
  { names: 'stdbuf', first: 'command', operands: 'text', options: { text: '-i -o -e --input --output --error' } },
  { names: 'sudo doas', classes: ['privilege'], first: 'command', operands: 'text', options: { text: '-u -g -h -p -C -r -t -T -U --user --group --host --prompt', 'read-tree': '-D -R --chdir --chroot' } },
  { names: 'su runuser', classes: ['privilege'], operands: 'text', options: { script: '-c --command --session-command', text: '-s -g -G -w --shell' } },
  { names: 'pkexec gosu su-exec', classes: ['privilege'], first: 'command', operands: 'text', options: { text: '--user' } },
  { names: 'chroot', classes: ['privilege'], first: 'read-tree', operands: 'text', doubt: 'unknown_until_run' },
  { names: 'unshare nsenter bwrap firejail systemd-run', classes: ['privilege'], first: 'command', operands: 'text', options: { text: '-t --target -S -G -p --property --unit --uid --gid --description' } },
  { names: 'script scriptreplay expect', classes: ['tool'], operands: 'write', options: { script: '-c --command', text: '-T' }, doubt: 'unknown_until_run' },
  { names: 'at batch', classes: ['service'], operands: 'text', options: { execute: '-f' }, doubt: 'unknown_until_run', why: 'runs commands later' },
  // Code of the project, and what builds it.
  { names: 'make gmake just task rake ninja cmake ctest meson scons bazel bazelisk buck2 gradle gradlew mvn mvnw ant sbt rails alembic flask sqlc prisma drizzle-kit knex sequelize typeorm graphql-codegen ng expo react-scripts svelte-kit svelte-check gatsby karma tap xo standard dprint bats gotestsum mockgen templ maturin lein mix rebar3 dune stack cabal', classes: ['build', 'project-code'], operands: 'text', options: { execute: '-f --file --makefile --justfile', 'read-tree': '-C --directory -B -S', text: '-j -G -D', script: '--eval' }, ...project },
  { names: 'tsc eslint oxlint oxfmt prettier biome jest vitest mocha ava playwright cypress webpack vite rollup esbuild tsup swc next nuxt astro turbo nx lerna ts-node tsx knip javac kotlinc scalac swiftc ghc zig pytest tox nox mypy pyright ruff black isort flake8 pylint coverage pre-commit rubocop rspec phpunit phpstan composer-normalize clang-format clang-tidy golangci-lint gofmt goimports rustfmt shellcheck shfmt hadolint stylelint markdownlint cspell commitlint husky lint-staged typedoc sphinx-build mkdocs protoc buf storybook', classes: ['build', 'project-code'], operands: 'change', options: { write: '-o --outFile --outDir --output', execute: '-c --config', text: '-t -k -m -n --reporter --testNamePattern -W --run -l -I -L -D' }, ...project },
  { names: 'gcc g++ cc c++ clang clang++ rustc', classes: ['build', 'project-code'], operands: 'change', options: { write: '-o --output --out-dir -MF', read: '-include -imacros -isystem -idirafter', execute: '-fplugin -specs -B', script: '-wrapper -Clinker', text: '-l -I -L -D -x -t --target --edition --crate-type -std -MT' }, ...project },
  { names: 'cargo go dotnet swift flutter dart deno-task', classes: ['build', 'project-code'], operands: 'text', options: { script: '-toolexec -vettool -exec --exec', name: '--config', execute: '-overlay' }, ...project },
  // Services, privileges, the network's walls.
  { names: 'systemctl service launchctl rc-service initctl supervisorctl pm2', classes: ['service'], operands: 'name', doubt: 'unknown_until_run', why: 'starts, stops or sets up what runs in the background' },
  { names: 'iptables ip6tables nft ufw firewall-cmd pfctl ipset', classes: ['firewall'], operands: 'name' },
  { names: 'mount umount losetup swapon swapoff mkfs mkfs.ext4 fdisk parted cryptsetup lvm zfs zpool fsck mkswap wipefs', classes: ['privilege'], operands: 'write', options: { text: '-t -o' } },
  { names: 'useradd userdel usermod groupadd groupdel passwd chpasswd visudo adduser deluser chsh chfn vipw', classes: ['privilege'], operands: 'name' },
  { names: 'modprobe insmod rmmod kmod kexec reboot shutdown poweroff halt init telinit', classes: ['privilege'], operands: 'name' },
  { names: 'setenforce apparmor_parser aa-disable auditctl setcap getenforce', classes: ['privilege'], operands: 'name' },
  { names: 'security secret-tool keyctl pass op bw lpass vault', classes: ['tool'], operands: 'text' },
  { names: 'docker podman nerdctl docker-compose podman-compose', classes: ['container'], operands: 'text', doubt: 'unknown_until_run' },
  { names: 'vi vim nvim ex ed view emacs nano pico', classes: ['tool'], operands: 'change', options: { script: '', text: '-c --cmd -es -S', write: '' }, doubt: 'unknown_until_run', why: 'an editor runs commands of its own' },
]; // prettier-ignore
