import type { Persona } from '../persona.ts';
import type { DecoyOptions, DecoyPart } from './plant.ts';
import { alphabets, type RandomSource, randomPick, randomText } from './random.ts';

/** Package registries, code forges and the way to their machines. */
export function forgeDecoys(random: RandomSource, persona: Persona, options: DecoyOptions): DecoyPart[] {
  const company = `${persona.organisation}.example`;
  return [
    npmToken(random, options.registryHosts.npm ?? `npm.${company}`),
    pypiToken(random, options.registryHosts.pypi ?? `pypi.${company}`),
    gitToken(random, persona),
    sshKey(random, persona),
    netrc(random, persona, company),
    dotenv(random, persona),
    ...environmentTokens(random, persona),
  ];
}

export function githubToken(random: RandomSource, prefix: 'ghp' | 'gho' | 'ghs'): string {
  return `${prefix}_${randomText(random, 36, alphabets.alphanumeric)}`;
}

function npmTokenValue(random: RandomSource): string {
  return `npm_${randomText(random, 36, alphabets.alphanumeric)}`;
}

function npmToken(random: RandomSource, host: string): DecoyPart {
  const value = npmTokenValue(random);
  const content = `save-exact=true\nfund=false\n//${host}/:_authToken=${value}\n`;
  return {
    kind: 'npm_token',
    location: '~/.npmrc',
    values: [value],
    files: [{ path: '.npmrc', content, mode: 0o600 }],
  };
}

/** A macaroon: format 2, then the location field with the index's host name. */
function pypiToken(random: RandomSource, host: string): DecoyPart {
  const name = Buffer.from(host, 'latin1').subarray(0, 127);
  const head = Buffer.concat([Buffer.from([2, 1, name.length]), name, Buffer.from([2])]).toString('base64url');
  const secret = randomText(random, 140, alphabets.base64url);
  const content = `[distutils]\nindex-servers =\n    company\n\n[company]\nrepository = https://${host}/legacy/\nusername = __token__\npassword = pypi-${head}${secret}\n`;
  return {
    kind: 'pypi_token',
    location: '~/.pypirc',
    values: [secret],
    files: [{ path: '.pypirc', content, mode: 0o600 }],
  };
}

function gitToken(random: RandomSource, persona: Persona): DecoyPart {
  const personal = githubToken(random, 'ghp');
  const command = githubToken(random, 'gho');
  const account = persona.email.split('@')[0]!.replace(/[^a-z0-9]/g, '-');
  return {
    kind: 'git_token',
    location: '~/.git-credentials',
    values: [personal, command],
    files: [
      { path: '.git-credentials', content: `https://${account}:${personal}@github.com\n`, mode: 0o600 },
      {
        path: '.config/gh/hosts.yml',
        content: `github.com:\n    users:\n        ${account}:\n            oauth_token: ${command}\n    git_protocol: https\n    oauth_token: ${command}\n    user: ${account}\n`,
        mode: 0o600,
      },
    ],
  };
}

/** OpenSSH private key format (PROTOCOL.key) around random bytes: it parses, and no public key belongs to it. */
function sshKey(random: RandomSource, persona: Persona): DecoyPart {
  const string = (bytes: Uint8Array | string) => {
    const body = Buffer.from(bytes as Uint8Array);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(body.length);
    return Buffer.concat([length, body]);
  };
  const comment = persona.email;
  const publicBytes = random(32);
  const publicKey = Buffer.concat([string('ssh-ed25519'), string(publicBytes)]);
  const check = random(4);
  const secret = Buffer.concat([
    check,
    check,
    publicKey,
    string(Buffer.concat([random(32), publicBytes])),
    string(comment),
  ]);
  const padding = Buffer.from([1, 2, 3, 4, 5, 6, 7]).subarray(0, (8 - (secret.length % 8)) % 8);
  const one = Buffer.from([0, 0, 0, 1]);
  const body = Buffer.concat([
    Buffer.from('openssh-key-v1\0'),
    string('none'),
    string('none'),
    string(''),
    one,
    string(publicKey),
    string(Buffer.concat([secret, padding])),
  ]).toString('base64');
  const lines = body.match(/.{1,70}/g) ?? [];
  return {
    kind: 'ssh_key',
    location: '~/.ssh/id_ed25519',
    // Lines that hold the secret part; a line is what survives any handling of line ends.
    values: lines.slice(2, 5).filter((line) => line.length >= 40),
    files: [
      {
        path: '.ssh/id_ed25519',
        content: `-----BEGIN OPENSSH PRIVATE KEY-----\n${lines.join('\n')}\n-----END OPENSSH PRIVATE KEY-----\n`,
        mode: 0o600,
      },
      { path: '.ssh/id_ed25519.pub', content: `ssh-ed25519 ${publicKey.toString('base64')} ${comment}\n`, mode: 0o644 },
    ],
  };
}

function netrc(random: RandomSource, persona: Persona, company: string): DecoyPart {
  const value = randomText(random, 28, alphabets.alphanumeric);
  const content = `machine git.${company}\n  login ${persona.user}\n  password ${value}\n`;
  return { kind: 'netrc', location: '~/.netrc', values: [value], files: [{ path: '.netrc', content, mode: 0o600 }] };
}

function dotenv(random: RandomSource, persona: Persona): DecoyPart {
  const payment = `sk_live_${randomText(random, 34, alphabets.alphanumeric)}`;
  const database = randomText(random, 24, alphabets.alphanumeric);
  const session = randomText(random, 48, alphabets.hex);
  const path = `${persona.project.directory}/.env`;
  const content = [
    'NODE_ENV=development',
    'PORT=4173',
    `DATABASE_URL=postgres://${persona.project.name}:${database}@db.${persona.organisation}.example:5432/${persona.project.name}`,
    `STRIPE_SECRET_KEY=${payment}`,
    `SESSION_SECRET=${session}`,
    '',
  ].join('\n');
  return {
    kind: 'dotenv',
    location: `~/${path}`,
    values: [payment, database, session],
    files: [{ path, content, mode: 0o600 }],
  };
}

/**
 * Secrets in the environment, one decoy each. `GITHUB_TOKEN` is not among them: well-meaning install scripts send it to the
 * forge to escape rate limits, and that is not theft.
 */
function environmentTokens(random: RandomSource, persona: Persona): DecoyPart[] {
  const make: Record<string, () => string> = {
    NPM_TOKEN: () => npmTokenValue(random),
    GH_TOKEN: () => githubToken(random, persona.name === 'ci' ? 'ghs' : 'ghp'),
    AWS_SECRET_ACCESS_KEY: () => randomText(random, 40, `${alphabets.alphanumeric}+/`),
    ANTHROPIC_API_KEY: () => `sk-ant-api03-${randomText(random, 93, alphabets.base64url)}AA`,
    OPENAI_API_KEY: () => `sk-proj-${randomText(random, 74, alphabets.base64url)}`,
    SLACK_BOT_TOKEN: () =>
      `xoxb-${randomText(random, 12, '0123456789')}-${randomText(random, 24, alphabets.alphanumeric)}`,
  };
  const names = {
    developer: ['NPM_TOKEN', randomPick(random, ['SLACK_BOT_TOKEN', 'OPENAI_API_KEY'])],
    ci: ['NPM_TOKEN', 'GH_TOKEN', 'AWS_SECRET_ACCESS_KEY'],
    agent: ['ANTHROPIC_API_KEY', 'OPENAI_API_KEY', 'GH_TOKEN'],
    locale: ['NPM_TOKEN', 'SLACK_BOT_TOKEN'],
  }[persona.name];
  return names.map((name) => {
    const value = make[name]!();
    return { kind: 'env_token', location: `env:${name}`, values: [value], files: [], env: { [name]: value } };
  });
}
