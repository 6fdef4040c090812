import { type CredentialKind, credentialAt } from '../credentials.ts';

/** Programs that send what they are given. Matches `curl -d @x https://h`, `nc h 9`; not `npm run curly`. */
const senders =
  /(?:^|[\s;&|(`"'/$])(?:curl|wget|nc|ncat|netcat|socat|telnet|ftp|sftp|scp|rsync|http|https|xh|nslookup|dig|host|certutil|bitsadmin|Invoke-WebRequest|Invoke-RestMethod|iwr|irm)(?:\.exe)?\s|\/dev\/(?:tcp|udp)\/|System\.Net\.WebClient|\.UploadString\(|\bsendmail\b/i;

/** Programs that print secrets by themselves. */
const printers: readonly (readonly [CredentialKind | 'environment', RegExp])[] = [
  [
    'environment',
    /(?:^|[;&|(`$]\s*|\b(?:sh|bash|cmd) (?:-c|\/c) ["']?)(?:env|printenv|set|export(?: -p)?|Get-ChildItem env:|gci env:|dir env:)\s*(?:$|[;&|>)`"'])/i,
  ],
  ['environment', /\/proc\/(?:self|\d+|\$\$)\/environ/],
  ['github', /\bgh auth (?:token|status .*--show-token)/],
  ['gcp', /\bgcloud auth (?:print-access-token|print-identity-token|application-default print-access-token)/],
  ['aws', /\baws (?:configure (?:get|export-credentials)|sts get-session-token|secretsmanager get-secret-value)/],
  ['azure', /\baz account get-access-token/],
  ['npm', /\bnpm (?:config get|token list|get) .*(?:_auth|token)/i],
  ['git', /\bgit (?:credential fill|config .*credential)/],
  ['keychain', /\bsecurity (?:find-(?:generic|internet)-password|dump-keychain)|\bsecret-tool lookup|\bcmdkey \/list/],
  ['kube', /\bkubectl (?:get secrets?|config view .*--raw)/],
  ['gpg', /\bgpg .*--export-secret/],
];

/** Words of a command line that could be paths, quotes and redirections taken off. */
const pathWord = /(?:[~$.\w@{}%\\/-]|\uffff)*[/\\.~](?:[\w.{}%\\/@-]|\uffff)+/g;

export function networkCommand(command: string): boolean {
  return senders.test(command);
}

/** Kind of secret that a command prints or names, `environment` for all variables. */
export function secretCommand(command: string): CredentialKind | 'environment' | undefined {
  const printed = printers.find(([, pattern]) => pattern.test(command));
  if (printed !== undefined) return printed[0];
  for (const [word] of command.slice(0, 8000).matchAll(pathWord)) {
    const kind = credentialAt(homely(word.replace(/^@/, '')));
    if (kind !== undefined) return kind;
  }
  return undefined;
}

/** `$HOME/.npmrc`, `${HOME}/.npmrc` and `%USERPROFILE%\.npmrc` are `~/.npmrc`. */
function homely(word: string): string {
  return word.replace(/^\$(?:\{HOME\}|HOME)|^%(?:USERPROFILE|HOMEPATH)%/i, '~');
}
