import type { Invocation } from '../run/run.ts';
import { hole, onlyText, wild } from '../run/text.ts';

// Programs that only look, as long as nothing steers them: an option, a variable or a word that is not known may name a server, settings or a
// program of somebody else's.

/** Variables that change how something is shown, or that are set for every program anyway. */
const showing =
  /^(?:PWD|OLDPWD|HOME|USER|LOGNAME|LANG|LANGUAGE|LC_\w+|TZ|TERM|COLORTERM|COLUMNS|LINES|NO_COLOR|FORCE_COLOR|CLICOLOR\w*|CI|DEBUG|NODE_ENV|PAGER|GIT_PAGER|LESS|LESSCHARSET|GH_NO_UPDATE_NOTIFIER|GH_FORCE_TTY|GH_PROMPT_DISABLED|TF_IN_AUTOMATION|TF_INPUT|REPLY|OPTARG|OPTIND|IFS)$/;

/** What programs take from their environment. A variable of the shell alone comes there only where the person exported its name: of others it is none. */
const ofPrograms =
  /^(?:KUBE|HELM|TF_|TERRAFORM|GH_|GITHUB_|GLAB_|GITLAB_|DOCKER|COMPOSE|BUILDKIT|CONTAINER|PODMAN|AWS|AZURE|ARM_|GOOGLE|GCLOUD|CLOUDSDK|GIT_|SSL|SSH|LD_|DYLD|XDG|LESS|MAN|NODE|NPM|BASH|ENV$)|(?:PAGER|EDITOR|VISUAL|BROWSER|HOME|PATH|CONFIG|CONF|RC|FILE|DIR|HOST|SERVER|URL|URI|PROXY|TOKEN|ENDPOINT|OPTS?|ARGS|FLAGS|OPTIONS|CONTEXT|PROFILE|REGISTRY|CERT|CA|SOCK|ADDR|DISPLAY|PRELOAD)$/i;

/** Whether a variable was set by the command that may steer a program. Names without capitals are the shell's own use; those that are not have a rule. */
export function isSteeredByVariables({ state, run }: Invocation): boolean {
  const before = run.context.environment;
  return [...state.variables].some(
    ([name, value]) =>
      /[A-Z]/.test(name) &&
      !showing.test(name) &&
      before?.get(name) !== onlyText(value) &&
      !(state.unexported.has(name) && !ofPrograms.test(name)),
  );
}

/** Whether a word may turn out to be an option, or several words: what stands in its middle may hold a blank and an option behind it. */
export function mayBeOption(text: string): boolean {
  return [hole, wild.star, wild.one, wild.set].some((mark) => text.includes(mark));
}
