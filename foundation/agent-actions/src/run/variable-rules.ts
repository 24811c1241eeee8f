/** What a variable of the environment does to programs that are started with it. Data. */
export type VariableRule = 'command' | 'code' | 'search' | 'proxy' | 'guard' | 'output' | 'file';

const names: readonly (readonly [VariableRule, string])[] = [
  // A shell, or a program, runs the value.
  [
    'command',
    'GIT_SSH_COMMAND GIT_SSH GIT_EDITOR GIT_SEQUENCE_EDITOR GIT_PAGER GIT_EXTERNAL_DIFF GIT_ASKPASS GIT_PROXY_COMMAND GIT_TEMPLATE_DIR EDITOR VISUAL PAGER MANPAGER BROWSER SSH_ASKPASS SUDO_ASKPASS PROMPT_COMMAND LESSOPEN LESSCLOSE RSYNC_RSH CVS_RSH TAR_OPTIONS BASH_FUNC_ FCEDIT SYSTEMD_EDITOR SYSTEMD_PAGER PS4 MAKEFLAGS MFLAGS RUSTC_WRAPPER RUSTC CC CXX LD SHELL PS0 PYTHONBREAKPOINT PSQL_PAGER PSQL_EDITOR GIT_MAN_VIEWER npm_config_script_shell NPM_CONFIG_SCRIPT_SHELL npm_config_node_options PS1 PS2 MANOPT',
  ],
  // Files or options with code that is loaded into every program.
  [
    'code',
    'LD_PRELOAD LD_LIBRARY_PATH LD_AUDIT DYLD_INSERT_LIBRARIES DYLD_LIBRARY_PATH BASH_ENV ENV ZDOTDIR NODE_OPTIONS NODE_PATH PYTHONSTARTUP PYTHONPATH PYTHONHOME PYTHONINSPECT PERL5OPT PERL5LIB PERL5DB RUBYOPT RUBYLIB JAVA_TOOL_OPTIONS _JAVA_OPTIONS JDK_JAVA_OPTIONS GIT_CONFIG GIT_CONFIG_GLOBAL GIT_CONFIG_SYSTEM GIT_CONFIG_COUNT GIT_CONFIG_PARAMETERS GIT_EXEC_PATH GIT_DIR GCONV_PATH OPENSSL_CONF OPENSSL_MODULES VIMINIT EXINIT PHP_INI_SCAN_DIR LUA_INIT GEM_PATH BUNDLE_GEMFILE CLASSPATH NODE_REPL_EXTERNAL_MODULE INPUTRC CURL_HOME WGETRC SYSTEM_WGETRC PSQLRC BUN_OPTIONS PHPRC PERLLIB LUA_PATH LUA_CPATH R_PROFILE_USER R_ENVIRON_USER JULIA_LOAD_PATH DOTNET_STARTUP_HOOKS CORECLR_PROFILER_PATH COR_PROFILER_PATH ERL_FLAGS ERL_AFLAGS ERL_ZFLAGS ELIXIR_ERL_OPTIONS MAVEN_OPTS MAVEN_ARGS GRADLE_OPTS SBT_OPTS ANT_OPTS RUSTFLAGS CARGO_ENCODED_RUSTFLAGS CARGO_BUILD_RUSTC CARGO_BUILD_RUSTC_WRAPPER RUSTC_WORKSPACE_WRAPPER npm_config_userconfig NPM_CONFIG_USERCONFIG npm_config_globalconfig NPM_CONFIG_GLOBALCONFIG YARN_RC_FILENAME YARN_PLUGINS PIP_CONFIG_FILE UV_CONFIG_FILE TERMINFO_DIRS VIM VIMRUNTIME XDG_CONFIG_HOME GIT_WORK_TREE LESS HOME CARGO_HOME GRADLE_USER_HOME GOENV CFLAGS CXXFLAGS LDFLAGS CGO_CFLAGS CGO_CXXFLAGS CGO_LDFLAGS GIT_COMMON_DIR DOCKER_CONFIG LESSKEY LESSKEYIN LESSKEY_SYSTEM LESSKEYIN_SYSTEM LESSKEY_CONTENT TF_CLI_CONFIG_FILE TERRAFORM_CONFIG TF_DATA_DIR TF_PLUGIN_CACHE_DIR HELM_PLUGINS HELM_CONFIG_HOME HELM_DATA_HOME GH_CONFIG_DIR GLAB_CONFIG_DIR MAKEFILES PYTHONUSERBASE PYTEST_PLUGINS LOCPATH NLSPATH TERMINFO ZIPOPT UNZIP GREP_OPTIONS RIPGREP_CONFIG_PATH BAT_CONFIG_PATH FD_CONFIG MANROFFOPT MANROFFSEQ GROFF_COMMAND_PREFIX DENO_DIR BUN_INSTALL DOTNET_ROOT MYSQL_HOME PGSERVICEFILE PGSYSCONFDIR GIT_ALTERNATE_OBJECT_DIRECTORIES GIT_ATTR_SOURCE RBENV_ROOT PYENV_ROOT VOLTA_HOME NVM_DIR',
  ],
  ['search', 'PATH CDPATH MANPATH'],
  // Where requests go.
  [
    'proxy',
    'HTTP_PROXY HTTPS_PROXY ALL_PROXY http_proxy https_proxy all_proxy npm_config_registry NPM_CONFIG_REGISTRY PIP_INDEX_URL PIP_EXTRA_INDEX_URL UV_INDEX_URL GOPROXY GONOSUMDB GOFLAGS DOCKER_HOST DOCKER_CONTEXT KUBECONFIG GH_HOST GITLAB_HOST HELM_KUBEAPISERVER SSL_CERT_FILE NODE_EXTRA_CA_CERTS NODE_TLS_REJECT_UNAUTHORIZED GIT_SSL_NO_VERIFY CURL_CA_BUNDLE REQUESTS_CA_BUNDLE AWS_ENDPOINT_URL PGHOST PGHOSTADDR PGSERVICE MYSQL_HOST GNUPGHOME',
  ],
  // A file that later programs write.
  [
    'output',
    'GIT_TRACE GIT_TRACE2 GIT_TRACE2_EVENT GIT_TRACE2_PERF GIT_TRACE_PACKET GIT_TRACE_SETUP GIT_TRACE_CURL GIT_TRACE_PERFORMANCE GIT_TRACE_REFS GIT_TRACE_FSMONITOR GIT_INDEX_FILE GIT_REFLOG_FILE NODE_REPL_HISTORY NODE_V8_COVERAGE PYTHONPYCACHEPREFIX SSLKEYLOGFILE LESSHISTFILE GIT_OBJECT_DIRECTORY TMPDIR',
  ],
  // The harness and its guard themselves.
  [
    'guard',
    'CLAUDE_CONFIG_DIR CLAUDE_CODE_ENABLE_TELEMETRY ANTHROPIC_BASE_URL ANTHROPIC_API_KEY ANTHROPIC_AUTH_TOKEN CODEX_HOME OPENAI_BASE_URL GEMINI_CLI_HOME GEMINI_CLI_SYSTEM_SETTINGS_PATH SALLYPORT_URL SALLYPORT_TOKEN DISABLE_TELEMETRY OTEL_EXPORTER_OTLP_ENDPOINT HISTFILE',
  ],
];

const rules: ReadonlyMap<string, VariableRule> = new Map(
  names.flatMap(([rule, list]) => list.split(' ').map((name) => [name, rule])),
);

const local = /^(?:localhost|127\.0\.0\.1|::1|\/(?:var\/)?(?:run|tmp)\/[\w./-]*)?$/;
/** Values with which a dangerous name is an everyday one. */
const harmless: ReadonlyMap<string, RegExp> = new Map([
  ['PAGER', /^(?:cat|less|more)?$/],
  ['GIT_PAGER', /^(?:cat|less|more)?$/],
  ['MANPAGER', /^(?:cat|less|more)?$/],
  ['EDITOR', /^(?:true|vi|vim|nano|code|cat|:)?$/],
  ['GIT_EDITOR', /^(?:true|:|cat)?$/],
  ['VISUAL', /^(?:true|vi|vim|nano|code|:)?$/],
  ['GIT_SEQUENCE_EDITOR', /^(?:true|:|cat)?$/],
  ['CC', /^(?:gcc|clang|cc)(?:-\d+)?$/],
  ['CXX', /^(?:g\+\+|clang\+\+|c\+\+)(?:-\d+)?$/],
  ['MAKEFLAGS', /^-j ?\d*$/],
  ['PYTHONPATH', /^(?:\.|src|lib|\.\/src)(?::(?:\.|src|lib))*$/],
  ['HISTFILE', /^$/],
  // `-k`, `-o` and `-t` name files.
  ['LESS', /^-?[aABcCdeEfFgGiIJKmMnNqQrRsSuUVwWX ]*$/],
  ['SHELL', /^(?:\/usr)?\/bin\/(?:ba|da|z|k|fi)?sh$/],
  ['PS1', /^[^$`]*(?:\$ ?)?$/],
  ['PS2', /^[^$`]*$/],
  ['TMPDIR', /^(?:\/private)?\/(?:var\/)?tmp(?:\/|$)|^\/dev\/shm(?:\/|$)/],
  ['PGHOST', local],
  ['PGHOSTADDR', local],
  ['MYSQL_HOST', local],
  ['PYTHONBREAKPOINT', /^(?:0|pdb\.set_trace|ipdb\.set_trace)?$/],
]);

const compilerOption =
  /^-(?:O\w?|g\d?|fPIC|pipe|pthread|static|W(?!l)[\w=-]*|D[\w=".-]+|std=[\w+]+|m[\w=-]+|l[\w.+-]+|[IL](?:\/usr\/|\/opt\/homebrew\/|\.|src|include|lib)[\w./-]*)$/;
const memoryOption = /^-X(?:mx|ms|ss)\d+[kmg]?$/i;

/** Options, between blanks, with which a dangerous name is an everyday one. Each is looked at alone: a list in one expression can be read in many ways. */
const harmlessOptions: ReadonlyMap<string, RegExp> = new Map([
  [
    'RUSTFLAGS',
    /^(?:-[AWD] ?[\w-]+|-C ?(?:target-cpu|opt-level|debuginfo|debug-assertions|overflow-checks)=[\w-]+|--cfg [\w="-]+|-g)$/,
  ],
  ...['CFLAGS', 'CXXFLAGS', 'LDFLAGS', 'CGO_CFLAGS', 'CGO_CXXFLAGS', 'CGO_LDFLAGS'].map((name): [string, RegExp] => [
    name,
    compilerOption,
  ]),
  ['MAVEN_OPTS', memoryOption],
  ['GRADLE_OPTS', /^(?:-X(?:mx|ms|ss)\d+[kmg]?|-Dorg\.gradle\.[\w.]+=\w+)$/i],
  ['SBT_OPTS', memoryOption],
  ['ANT_OPTS', memoryOption],
  [
    'NODE_OPTIONS',
    /^--(?:max-old-space-size|no-warnings|experimental-vm-modules|experimental-strip-types|enable-source-maps|unhandled-rejections|max-semi-space-size|stack-trace-limit|trace-warnings|trace-deprecation|openssl-legacy-provider)(?:=\w+)?$/,
  ],
]);
const systemDirectory =
  /^(?:\/usr(?:\/local)?\/s?bin|\/s?bin|\/opt\/homebrew\/bin|\uF8FF|(?:\.\/|\uF8FF\/)?node_modules\/\.bin|\/(?!tmp\/|var\/|dev\/)(?:[\w.@-]+\/)+(?:node_modules\/\.bin|\.?venv\/bin))$/;

export function variableRule(name: string, value: string): VariableRule | undefined {
  const rule = rules.get(name);
  if (rule === undefined) return ruleOfName(name, value);
  if (harmless.get(name)?.test(value) === true || hasHarmlessOptions(name, value)) return undefined;
  if (rule === 'output' && !/^(?:[~/]|\.\.)|\/\.\.\/|\uF8FF/.test(value))
    return /^(?:\d*|true|false)$/i.test(value) ? undefined : 'file';
  if (
    name === 'PATH' &&
    (systemDirectory.test(value.split(':')[0] ?? '') ||
      /\/(?:\.?(?:cargo|local|nvm|volta|bun|deno|pyenv|rbenv|go|venv|asdf))\//.test(`/${value.split(':')[0] ?? ''}/`))
  )
    return undefined;
  return rule;
}

const usualViewer = /^(?:cat|less|more|true|:|vi|vim|nvim|nano|code|delta|bat)?(?: -[-\w= ]*)?$/;
/** Options that load or run something, places that anybody writes to, and what a shell would run. */
const dangerousOption =
  /-javaagent|-agent(?:lib|path)|[;|`!]|\$\(|--?(?:exec|eval|require|import|preload|plugin|load|rsh|checkpoint-action|to-command|pager|config|init-script|script|command)\b|(?:^|[\s=:,'"@])(?:\/tmp\/|\/var\/tmp\/|\/dev\/shm\/|https?:)/i;
/** Settings of package managers that change neither what runs nor where it comes from. */
const harmlessSetting =
  /^(?:npm_config_(?:loglevel|progress|yes|fund|audit|color|cache|update_notifier|legacy_peer_deps|engine_strict|offline|prefer_offline|save\w*|production|jobs|arch|platform|build_from_source|fetch_\w+|maxsockets|package_lock|workspaces?_update|ignore_scripts|omit|include|strict_ssl=true)|PIP_(?:NO_\w+|DISABLE_\w+|QUIET|VERBOSE|CACHE_DIR|DEFAULT_TIMEOUT|TIMEOUT|RETRIES|PROGRESS_BAR|ROOT_USER_ACTION|REQUIRE_\w+|BREAK_SYSTEM_PACKAGES|PREFER_BINARY|ONLY_BINARY)|UV_(?:CACHE_DIR|NO_\w+|PYTHON|SYSTEM_PYTHON|LINK_MODE|FROZEN|LOCKED|OFFLINE|PROJECT_ENVIRONMENT|CONCURRENT_\w+|COMPILE_BYTECODE|HTTP_TIMEOUT|PYTHON_PREFERENCE|VERSION))$/i;

/** Names that nobody listed, by the form that such names have. */
function ruleOfName(name: string, value: string): VariableRule | undefined {
  if (
    name.startsWith('BASH_FUNC_') ||
    /^GIT_CONFIG_(?:KEY|VALUE)_|^CARGO_(?:TARGET_\w+_(?:RUNNER|LINKER|RUSTFLAGS)|ALIAS_\w+|REGISTR(?:Y|IES)_\w+|HTTP_PROXY)$/.test(
      name,
    )
  )
    return 'code';
  if (/(?:^|_)(?:PAGER|EDITOR|VISUAL|ASKPASS|BROWSER|SSH_COMMAND)$/.test(name))
    return usualViewer.test(value) ? undefined : 'command';
  if (/^(?:npm_config|PIP|UV)_/i.test(name)) return harmlessSetting.test(name) ? undefined : 'proxy';
  if (/(?:OPTS|OPTIONS|ARGS|FLAGS)$/.test(name)) return dangerousOption.test(value) ? 'code' : undefined;
  return undefined;
}

function hasHarmlessOptions(name: string, value: string): boolean {
  const option = harmlessOptions.get(name);
  if (option === undefined) return false;
  const words = value.split(' ').filter((word) => word !== '');
  const isBefore = (word = ''): boolean => name === 'RUSTFLAGS' && /^(?:-[AWDC]|--cfg)$/.test(word);
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? '';
    if (isBefore(word)) at += 1;
    if (!option.test(isBefore(word) ? `${word} ${words[at] ?? ''}` : word)) return false;
  }
  return true;
}
