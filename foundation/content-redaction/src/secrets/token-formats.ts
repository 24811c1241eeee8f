/** A secret that is known by how it is written, as whoever gives it out publishes it. */
export type TokenFormat = {
  readonly kind: string;
  /** What it is, for people. */
  readonly name: string;
  /** It holds one of these, word for word: what is looked for first. */
  readonly marks: readonly string[];
  /** The whole of it, from the mark on; sticky, each repetition bounded. */
  readonly pattern: RegExp;
  /** So many characters before the mark belong to it: one of these numbers. */
  readonly before?: readonly number[];
  /** It begins with this, at most 210 characters before the mark. */
  readonly opens?: string;
  /** CRC-32 in base 62 at the end: of what stands between prefix and it, or of all before it. */
  readonly check?: 'crc32-base62' | 'crc32-of-all';
  /** It names a key more than it is one, or others write like this too. */
  readonly confidence?: 'medium';
};

/** Each ends where a longer word would go on; that is looked at apart. */
export const tokenFormats: readonly TokenFormat[] = [
  {
    kind: 'aws-key',
    name: 'an AWS access key',
    marks: ['AKIA', 'ASIA', 'ABIA', 'ACCA'],
    pattern: /A(?:KIA|SIA|BIA|CCA)[A-Z2-7]{16}/y,
  },
  {
    kind: 'aws-key',
    name: 'an AWS Bedrock key',
    marks: ['ABSKQmVkcm9ja0FQSUtleS', 'bedrock-api-key-'],
    pattern: /(?:ABSKQmVkcm9ja0FQSUtleS|bedrock-api-key-)[A-Za-z\d+/=_-]{20,2000}/y,
  },
  {
    kind: 'github-token',
    name: 'a GitHub token',
    marks: ['ghp_', 'gho_', 'ghu_', 'ghs_', 'ghr_'],
    pattern: /gh[pousr]_[A-Za-z\d]{36,255}/y,
    check: 'crc32-base62',
  },
  {
    kind: 'github-token',
    name: 'a fine-grained GitHub token',
    marks: ['github_pat_'],
    pattern: /github_pat_[A-Za-z\d]{22}_[A-Za-z\d]{59}/y,
  },
  {
    kind: 'gitlab-token',
    name: 'a GitLab token',
    marks: [
      'glpat-',
      'gldt-',
      'glrt-',
      'glptt-',
      'glcbt-',
      'glsoat-',
      'glft-',
      'glimt-',
      'glagent-',
      'gloas-',
      'glffct-',
      'glwt-',
    ],
    pattern: /gl(?:pat|dt|rt|ptt|cbt|soat|ft|imt|agent|oas|ffct|wt)-[\w-]{20,200}(?:\.[\w.-]{2,100})?/y,
  },
  {
    kind: 'slack-token',
    name: 'a Slack token',
    marks: ['xoxb-', 'xoxp-', 'xoxa-', 'xoxr-', 'xoxs-', 'xoxo-', 'xoxe.', 'xoxe-', 'xoxc-', 'xoxd-', 'xapp-'],
    pattern: /x(?:ox[abprsocd]-|oxe[.-]|app-)[A-Za-z\d.%-]{10,300}/y,
  },
  {
    kind: 'slack-webhook',
    name: 'an address that writes to Slack',
    marks: ['hooks.slack.com/'],
    pattern: /hooks\.slack\.com\/(?:services|workflows|triggers)\/[A-Za-z\d/_-]{20,200}/y,
  },
  {
    kind: 'stripe-key',
    name: 'a Stripe key',
    marks: ['sk_live_', 'sk_test_', 'rk_live_', 'rk_test_'],
    pattern: /[rs]k_(?:live|test)_[A-Za-z\d]{10,247}/y,
  },
  { kind: 'stripe-key', name: 'a Stripe webhook secret', marks: ['whsec_'], pattern: /whsec_[A-Za-z\d+/=]{32,100}/y },
  { kind: 'google-key', name: 'a Google API key', marks: ['AIza'], pattern: /AIza[\w-]{35}/y },
  { kind: 'google-key', name: 'a Google OAuth secret', marks: ['GOCSPX-'], pattern: /GOCSPX-[\w-]{28}/y },
  { kind: 'google-token', name: 'a Google access token', marks: ['ya29.'], pattern: /ya29\.[\w-]{20,2000}/y },
  { kind: 'google-token', name: 'a Google refresh token', marks: ['1//0'], pattern: /1\/\/0[\w-]{40,200}/y },
  {
    kind: 'azure-key',
    name: 'a key of an Azure account',
    marks: ['AccountKey=', 'SharedAccessKey='],
    pattern: /(?:Account|SharedAccess)Key=[A-Za-z\d+/]{43,86}={1,2}/y,
  },
  {
    kind: 'azure-key',
    name: 'a secret of an Azure application',
    marks: ['Q~'],
    pattern: /[\w~.-]{3}\dQ~[\w~.-]{31,34}/y,
    before: [4],
  },
  {
    kind: 'azure-key',
    name: 'an Azure DevOps token',
    marks: ['AZDO'],
    pattern: /[A-Za-z\d]{76}AZDO[A-Za-z\d]{4}/y,
    before: [76],
  },
  {
    kind: 'azure-sas',
    name: 'the signature of an Azure address',
    marks: ['sig='],
    pattern: /sig=[A-Za-z\d%+/_-]{43,90}={0,2}/y,
    confidence: 'medium',
  },
  { kind: 'npm-token', name: 'an npm token', marks: ['npm_'], pattern: /npm_[A-Za-z\d]{36}/y, check: 'crc32-base62' },
  {
    kind: 'pypi-token',
    name: 'a PyPI token',
    marks: ['pypi-AgEIcHlwaS5vcmc', 'pypi-AgENdGVzdC5weXBpLm9yZw'],
    pattern: /pypi-Ag[\w-]{50,1000}/y,
  },
  {
    kind: 'openai-key',
    name: 'an OpenAI key',
    marks: ['T3BlbkFJ'],
    pattern: /sk-(?:(?:proj|svcacct|admin|None)-)?[\w-]{20,200}T3BlbkFJ[\w-]{20,200}/y,
    opens: 'sk-',
  },
  {
    kind: 'anthropic-key',
    name: 'an Anthropic key',
    marks: ['sk-ant-'],
    pattern: /sk-ant-[a-z]{3,8}\d{2}-[\w-]{60,200}/y,
  },
  {
    kind: 'huggingface-token',
    name: 'a Hugging Face token',
    marks: ['hf_', 'api_org_'],
    pattern: /(?:hf_|api_org_)[A-Za-z]{34}/y,
  },
  {
    kind: 'digitalocean-token',
    name: 'a DigitalOcean token',
    marks: ['dop_v1_', 'doo_v1_', 'dor_v1_'],
    pattern: /do[opr]_v1_[a-f\d]{64}/y,
  },
  { kind: 'sendgrid-key', name: 'a SendGrid key', marks: ['SG.'], pattern: /SG\.[\w-]{22}\.[\w-]{43}/y },
  { kind: 'mailgun-key', name: 'a Mailgun key', marks: ['key-'], pattern: /key-[a-f\d]{32}/y, confidence: 'medium' },
  {
    kind: 'mailchimp-key',
    name: 'a Mailchimp key',
    marks: ['-us'],
    pattern: /[a-f\d]{32}-us\d{1,2}/y,
    before: [32],
    confidence: 'medium',
  },
  { kind: 'twilio-key', name: 'a Twilio key', marks: ['SK'], pattern: /SK[a-f\d]{32}/y, confidence: 'medium' },
  {
    kind: 'shopify-token',
    name: 'a Shopify token',
    marks: ['shpat_', 'shpca_', 'shppa_', 'shpss_'],
    pattern: /shp(?:at|ca|pa|ss)_[a-fA-F\d]{32}/y,
  },
  {
    kind: 'telegram-token',
    name: 'a token of a Telegram bot',
    marks: [':AA'],
    pattern: /\d{8,10}:AA[\w-]{32,33}/y,
    before: [10, 9, 8],
  },
  {
    kind: 'discord-token',
    name: 'an address that writes to Discord',
    marks: ['discord.com/api/webhooks/', 'discordapp.com/api/webhooks/'],
    pattern: /discord(?:app)?\.com\/api\/webhooks\/\d{15,22}\/[\w-]{60,80}/y,
  },
  { kind: 'databricks-token', name: 'a Databricks token', marks: ['dapi'], pattern: /dapi[a-f\d]{32}(?:-\d)?/y },
  { kind: 'vault-token', name: 'a Vault token', marks: ['hvs.', 'hvb.', 'hvr.'], pattern: /hv[sbr]\.[\w-]{24,500}/y },
  {
    kind: 'doppler-token',
    name: 'a Doppler token',
    marks: ['dp.pt.', 'dp.st.', 'dp.ct.', 'dp.sa.', 'dp.scim.', 'dp.audit.'],
    pattern: /dp\.(?:pt|st|ct|sa|scim|audit)\.(?:[\w-]{2,35}\.)?[A-Za-z\d]{40,44}/y,
  },
  {
    kind: 'linear-key',
    name: 'a Linear key',
    marks: ['lin_api_', 'lin_oauth_'],
    pattern: /lin_(?:api|oauth)_[A-Za-z\d]{40,64}/y,
  },
  { kind: 'notion-token', name: 'a Notion token', marks: ['ntn_'], pattern: /ntn_\d{11}[A-Za-z\d]{35}/y },
  { kind: 'figma-token', name: 'a Figma token', marks: ['figd_'], pattern: /figd_[\w-]{40,60}/y },
  { kind: 'grafana-token', name: 'a Grafana token', marks: ['glsa_'], pattern: /glsa_[A-Za-z\d]{32}_[a-f\d]{8}/y },
  { kind: 'newrelic-key', name: 'a New Relic key', marks: ['NRAK-'], pattern: /NRAK-[A-Z\d]{27}/y },
  {
    kind: 'docker-token',
    name: 'a Docker token',
    marks: ['dckr_pat_', 'dckr_oat_'],
    pattern: /dckr_[po]at_[\w-]{27,64}/y,
  },
  { kind: 'rubygems-key', name: 'a RubyGems key', marks: ['rubygems_'], pattern: /rubygems_[a-f\d]{48}/y },
  { kind: 'crates-token', name: 'a crates.io token', marks: ['cio'], pattern: /cio[A-Za-z\d]{32}/y },
  {
    kind: 'onepassword-token',
    name: 'a 1Password service token',
    marks: ['ops_eyJ'],
    pattern: /ops_eyJ[A-Za-z\d+/_=-]{200,2000}/y,
  },
  { kind: 'postman-key', name: 'a Postman key', marks: ['PMAK-'], pattern: /PMAK-[a-f\d]{24}-[a-f\d]{34}/y },
  {
    kind: 'sentry-token',
    name: 'a Sentry token',
    marks: ['sntrys_eyJ', 'sntryu_'],
    pattern: /sntry(?:s_eyJ[A-Za-z\d+/=_]{60,500}|u_[a-f\d]{64})/y,
  },
  {
    kind: 'terraform-token',
    name: 'a Terraform Cloud token',
    marks: ['.atlasv1.'],
    pattern: /[A-Za-z\d]{14}\.atlasv1\.[\w-]{60,80}/y,
    before: [14],
  },
  {
    kind: 'supabase-key',
    name: 'a Supabase key',
    marks: ['sbp_', 'sb_secret_'],
    pattern: /sb(?:p_[a-f\d]{40}|_secret_[\w-]{20,60})/y,
  },
  {
    kind: 'atlassian-token',
    name: 'an Atlassian token',
    marks: ['ATATT3xFfGF0', 'ATCTT3xFfGN0'],
    pattern: /AT[AC]TT3xFfG[\w=-]{100,250}/y,
  },
  {
    kind: 'planetscale-token',
    name: 'a PlanetScale token',
    marks: ['pscale_tkn_', 'pscale_pw_', 'pscale_oauth_'],
    pattern: /pscale_(?:tkn|pw|oauth)_[\w.-]{32,64}/y,
  },
  {
    kind: 'square-token',
    name: 'a Square token',
    marks: ['sq0atp-', 'sq0csp-'],
    pattern: /sq0(?:atp|csp)-[\w-]{22,43}/y,
  },
  {
    kind: 'age-key',
    name: 'an age key',
    marks: ['AGE-SECRET-KEY-1'],
    pattern: /AGE-SECRET-KEY-1[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{58}/y,
  },
  {
    kind: 'age-key',
    name: 'an age key',
    marks: ['AGE-SECRET-KEY-PQ-1'],
    pattern: /AGE-SECRET-KEY-PQ-1[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{58,200}/y,
  },
  {
    kind: 'sallyport-token',
    name: 'a token of this product',
    marks: ['spa_', 'spd_', 'sps_', 'spt_'],
    pattern: /sp[adst]_[\w-]{43}/y,
  },
  {
    kind: 'sallyport-token',
    name: 'a token of this product',
    marks: ['st_', 'sr_'],
    pattern: /s[tr]_[\w-]{43}/y,
  },
  {
    kind: 'sallyport-token',
    name: 'an API key of this product',
    marks: ['sp_'],
    pattern: /sp_[A-Za-z\d]{11}_[A-Za-z\d]{49}/y,
    check: 'crc32-of-all',
  },
  {
    kind: 'one-time-code-seed',
    name: 'the seed of one-time codes',
    marks: ['otpauth://', 'otpauth-migration://'],
    pattern: /otpauth(?:-migration)?:\/\/[^\s"'<>]{10,1000}/y,
  },
  {
    kind: 'password-hash',
    name: 'the hash of a password',
    marks: ['$2a$', '$2b$', '$2y$', '$5$', '$6$', '$y$', '$argon2'],
    pattern:
      /\$(?:2[aby]\$\d\d\$[./A-Za-z\d]{53}|[56]\$(?:rounds=\d{1,9}\$)?[./A-Za-z\d]{1,16}\$[./A-Za-z\d]{43,86}|y\$[./A-Za-z\d]{1,8}\$[./A-Za-z\d]{4,86}\$[./A-Za-z\d]{43}|argon2i?d?\$v=\d{1,3}\$[a-z]=[\d,a-z=]{5,60}\$[+/A-Za-z\d]{10,90}\$[+/A-Za-z\d]{20,180})/y,
    confidence: 'medium',
  },
];
