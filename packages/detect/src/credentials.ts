/** Whose secret it is. Kinds without a vendor belong to nobody on the network. */
export type CredentialKind =
  | 'npm'
  | 'pypi'
  | 'git'
  | 'github'
  | 'gitlab'
  | 'aws'
  | 'gcp'
  | 'azure'
  | 'docker'
  | 'kube'
  | 'netrc'
  | 'ssh'
  | 'gpg'
  | 'browser'
  | 'wallet'
  | 'history'
  | 'system'
  | 'vault'
  | 'dotenv'
  | 'cargo'
  | 'gem'
  | 'ai'
  | 'keychain'
  | 'chat';

/**
 * Files that hold somebody's credentials, by the end of their path. `\uffff` stands for what is not known of it, as in
 * `~/.ssh/` joined with each name of that folder. Each matches its example and not the example's documentation.
 */
const files: readonly (readonly [CredentialKind, RegExp])[] = [
  ['npm', /(?:^|[/~\\\uffff])\.(?:npmrc|yarnrc(?:\.yml)?)$/], // ~/.npmrc
  ['pypi', /(?:^|[/~\\\uffff])\.pypirc$/],
  ['git', /(?:^|[/~\\\uffff])\.git-credentials$|[/\\]git[/\\]credentials$|(?:^|[/\\\uffff])\.gitconfig$/],
  ['github', /[/\\](?:gh|hub)(?:[/\\]hosts\.yml|$)|github-copilot[/\\](?:hosts|apps)\.json$/],
  ['aws', /\.aws(?:[/\\](?:credentials|config|sso|cli|\uffff)|$)/],
  [
    'gcp',
    /(?:^|[/\\])gcloud(?:[/\\](?:application_default_credentials\.json|credentials\.db|legacy_credentials|access_tokens\.db|\uffff)|$)|\.boto$/,
  ],
  ['azure', /\.azure(?:[/\\](?:accessTokens\.json|azureProfile\.json|msal_token_cache|\uffff)|$)/],
  ['docker', /\.docker[/\\](?:config\.json|\uffff)$/],
  ['kube', /\.kube(?:[/\\](?:config|\uffff)|$)|serviceaccount[/\\]token$|\/etc\/kubernetes\/admin\.conf$/],
  ['netrc', /(?:^|[/~\\\uffff])[._]netrc$/],
  [
    'ssh',
    /\.ssh(?:[/\\](?:id_[a-z0-9]+|identity|authorized_keys|config|known_hosts|\uffff)|$)|(?:^|[/\\])id_(?:rsa|ed25519|ecdsa|dsa)$|ssh_host_[a-z0-9]+_key$/,
  ],
  ['gpg', /\.gnupg(?:[/\\]|$)/],
  [
    'browser',
    /(?:Google[/\\]Chrome|google-chrome|[Cc]hromium|BraveSoftware|Brave-Browser|Microsoft[/\\]Edge|microsoft-edge|Opera Software|\.mozilla|Mozilla[/\\]Firefox|Vivaldi)(?:[/\\]|$)|(?:^|[/\\])(?:Login Data(?: For Account)?|Cookies|Web Data|Local State|cookies\.sqlite|key4\.db|logins\.json)$/,
  ],
  [
    'wallet',
    /(?:^|[/\\])(?:wallet\.dat|\.electrum|Electrum|Exodus|exodus\.wallet|Atomic|\.ethereum|Ethereum|keystore|\.bitcoin|Bitcoin|Monero|\.monero|Ledger Live|Coinomi|Guarda|solana|Phantom|MetaMask|nkbihfbeogaeaoehlefnkodbefgpgknn)(?:[/\\]|$)/,
  ],
  ['history', /\.(?:bash|zsh|fish|python|node_repl|mysql|psql|rediscli|sqlite)_history$/],
  ['system', /^\/etc\/(?:passwd|shadow|gshadow|sudoers)$/],
  ['vault', /(?:^|[/\\])\.(?:vault-token|terraform\.d[/\\]credentials\.tfrc\.json|terraformrc)$/],
  ['dotenv', /(?:^|[/\\{}\w\uffff])\.env(?:\.(?:local|production|development|staging))?$/],
  ['cargo', /\.cargo[/\\]credentials(?:\.toml)?$/],
  ['gem', /\.gem[/\\]credentials$/],
  [
    'ai',
    /\.(?:claude|codex|gemini|cursor|continue|openai)[/\\](?:\.?credentials(?:\.json)?|auth\.json|oauth_creds\.json|mcp\.json|config\.json|\uffff)$|\.claude\.json$|(?:^|[/\\])(?:claude_desktop_config|mcp)\.json$/,
  ],
  ['keychain', /Library[/\\]Keychains|\.local[/\\]share[/\\]keyrings|Microsoft[/\\](?:Credentials|Protect)/],
  ['chat', /(?:^|[/\\])(?:discord|discordcanary|discordptb|Slack|Telegram Desktop[/\\]tdata)(?:[/\\]|$)/],
];

/** What kind of credential lies at a path. Programs' own sources are none: `lib/keystore.js`. */
export function credentialAt(path: string): CredentialKind | undefined {
  if (/\.(?:[cm]?[jt]sx?|md|html|css|wasm|map)$/.test(path) || path.length > 400) return undefined;
  return files.find(([, pattern]) => pattern.test(path))?.[0];
}

/** Words of a variable's name that say it is a secret. */
const secretName =
  /(?:^|_|[a-z])(?:TOKEN|SECRET|PASS|PASSWD|PASSWORD|PASSPHRASE|PWD|API_?KEY|ACCESS_?KEY(?:_ID)?|SECRET_?KEY|PRIVATE_?KEY|AUTH_?KEY|CREDENTIALS?|MNEMONIC|SEED_?PHRASE|AUTH|COOKIE|DSN|DATABASE_URL|CONNECTION_STRING|WEBHOOK(?:_URL)?)S?(?:_|$)/i;
const notSecret =
  /PUBLIC|_FILE$|_PATH$|_LENGTH$|_LIMIT$|_TTL$|_TYPE$|_ENABLED$|_COUNT$|^PWD$|^OLDPWD$|_URL_PREFIX$|AUTH_SOCK|_DISABLED$|MAX_/i;

/** Whether a variable holds a secret, by its name: `NPM_TOKEN`, `AWS_SECRET_ACCESS_KEY`; not `PWD`, `TOKEN_LIMIT`. */
export function isSecretName(name: string): boolean {
  return secretName.test(name) && !notSecret.test(name);
}

const known: readonly (readonly [CredentialKind, RegExp])[] = [
  ['npm', /^(?:NPM|NODE_AUTH|YARN_NPM|NPM_CONFIG_.*AUTH)/i],
  ['pypi', /^(?:PYPI|TWINE|UV_PUBLISH)/i],
  ['github', /^(?:GITHUB|GH|ACTIONS_(?:ID_TOKEN|RUNTIME))_/i],
  ['gitlab', /^(?:GITLAB|CI_JOB_TOKEN|CI_DEPLOY)/i],
  ['aws', /^AWS_/i],
  ['gcp', /^(?:GOOGLE|GCP|GCLOUD|FIREBASE)/i],
  ['azure', /^(?:AZURE|ARM_CLIENT)/i],
  ['docker', /^DOCKER/i],
  ['vault', /^VAULT_/i],
  ['ai', /^(?:ANTHROPIC|OPENAI|GEMINI|CLAUDE)_/i],
];

/** Kind of a well-known secret variable. */
export function credentialNamed(name: string): CredentialKind | undefined {
  return isSecretName(name) ? known.find(([, pattern]) => pattern.test(name))?.[0] : undefined;
}

/** Parts of host names under which a kind of credential is at home. */
const homes: Partial<Record<CredentialKind, RegExp>> = {
  npm: /npm|registry|yarn|verdaccio|artifactory|jfrog|nexus|unpkg|cloudsmith|packages?\./i,
  pypi: /pypi|python|registry|artifactory|nexus/i,
  git: /git|bitbucket|codeberg|azure|visualstudio/i,
  github: /github|ghcr|\bgh\b|githubusercontent|models\.inference/i,
  gitlab: /gitlab/i,
  aws: /amazon|aws|\ba2z\b|169\.254\./i,
  gcp: /google|gcp|goog|firebase|metadata|169\.254\.|gstatic|appspot|cloudfunctions/i,
  azure: /azure|microsoft|windows\.net|office|live\.com|msft|visualstudio|169\.254\./i,
  docker: /docker|registry|quay|ghcr|harbor/i,
  kube: /kube|k8s|cluster|eks|aks|gke/i,
  vault: /vault|hashicorp|terraform/i,
  cargo: /crates|rust|registry/i,
  gem: /gem|ruby|registry/i,
  ai: /anthropic|claude|openai|google|gemini|cursor|azure|\bai\b|\.ai$/i,
  chat: /discord|slack|telegram/i,
};

/** Whether a credential of this kind belongs to who answers at `host`. */
export function isHomeOf(kind: CredentialKind, host: string): boolean {
  return homes[kind]?.test(host) ?? false;
}
