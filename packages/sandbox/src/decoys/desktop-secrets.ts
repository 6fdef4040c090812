import type { Persona } from '../persona.ts';
import type { DecoyPart, PlantedFile } from './plant.ts';
import { alphabets, type RandomSource, randomText, randomUuid } from './random.ts';

/** What lies on a machine that a person sits at. */
export function desktopDecoys(random: RandomSource, persona: Persona): DecoyPart[] {
  return [
    browserProfile(random, persona),
    wallet(random),
    clipboard(random),
    shellHistory(random, persona),
    aiConfig(random, persona),
    vscodeSecret(random),
  ];
}

function browserProfile(random: RandomSource, persona: Persona): DecoyPart {
  const session = randomText(random, 48, alphabets.base64url);
  const password = randomText(random, 44, `${alphabets.alphanumeric}+/`);
  const chrome = '.config/google-chrome';
  const firefox = '.mozilla/firefox/k3v9x1qd.default-release';
  const logins = {
    nextId: 2,
    logins: [
      {
        id: 1,
        hostname: 'https://github.com',
        encryptedUsername: `MDoEEPgAAAAAAAAAAAAAAAAAAAEwFAYIKoZIhvcNAwcECH${randomText(random, 24, alphabets.alphanumeric)}`,
        encryptedPassword: password,
        guid: `{${randomUuid(random)}}`,
      },
    ],
  };
  return {
    kind: 'browser_profile',
    location: `~/${chrome}/Default/Cookies`,
    values: [session, password],
    files: [
      file(`${chrome}/Default/Cookies`, sqliteLike(`github.com\tuser_session\t${session}\t/`)),
      file(`${chrome}/Default/Login Data`, sqliteLike(`https://github.com/session\t${persona.email}\tv11${password}`)),
      file(
        `${chrome}/Default/Preferences`,
        json({ profile: { name: persona.fullName }, account_info: [{ email: persona.email }] }),
      ),
      file(
        `${chrome}/Local State`,
        json({ os_crypt: { encrypted_key: Buffer.from(`DPAPI${password}`).toString('base64') } }),
      ),
      file(`${firefox}/logins.json`, json(logins)),
      file(`${firefox}/cookies.sqlite`, sqliteLike(`github.com\tuser_session\t${session}`)),
      file(
        '.mozilla/firefox/profiles.ini',
        `[Profile0]\nName=default-release\nIsRelative=1\nPath=${firefox.split('/')[2]}\nDefault=1\n`,
      ),
    ],
  };
}

function wallet(random: RandomSource): DecoyPart {
  const ciphertext = randomText(random, 64, alphabets.hex);
  const vault = randomText(random, 88, `${alphabets.alphanumeric}+/`);
  const address = randomText(random, 40, alphabets.hex);
  const keystore = {
    version: 3,
    id: randomUuid(random),
    address,
    crypto: { ciphertext, cipher: 'aes-128-ctr', kdf: 'scrypt', mac: randomText(random, 64, alphabets.hex) },
  };
  const metamask = '.config/google-chrome/Default/Local Extension Settings/nkbihfbeogaeaoehlefnkodbefgpgknn';
  return {
    kind: 'wallet',
    location: `~/.ethereum/keystore/UTC--2025-03-11T09-14-52.118Z--${address}`,
    values: [ciphertext, vault],
    files: [
      file(`.ethereum/keystore/UTC--2025-03-11T09-14-52.118Z--${address}`, JSON.stringify(keystore)),
      file(
        `${metamask}/000003.log`,
        `\0KeyringController{"vault":"{\\"data\\":\\"${vault}\\",\\"iv\\":\\"AAAAAAAAAAAAAAAA\\"}"}`,
      ),
      file('.config/Exodus/exodus.wallet/seed.seco', `SECO\0\0\0\0seco-v0-scrypt-aes\0${ciphertext}`),
      file('.bitcoin/wallet.dat', `\0\0\0\0\0\0\0\0\0\0\0\0b1\x05\0\x04ckey!${vault}`),
      file('.config/solana/id.json', JSON.stringify([...Buffer.from(ciphertext, 'hex'), ...random(32)])),
    ],
  };
}

/** A clipboard without a display: the usual commands, reading and writing one file. */
function clipboard(random: RandomSource): DecoyPart {
  const value = `bc1q${randomText(random, 38, '023456789acdefghjklmnpqrstuvwxyz')}`;
  const store = '.local/share/clipboard/selection';
  const script = (reading: string) =>
    `#!/bin/sh\nstore="$HOME/${store}"\nfor argument in "$@"; do\n  case "$argument" in ${reading}) exec cat "$store" ;; esac\ndone\nexec cat > "$store"\n`;
  const tool = (name: string, content: string) => ({ path: `.local/bin/${name}`, content, mode: 0o755 });
  return {
    kind: 'clipboard',
    location: `~/${store}`,
    values: [value],
    files: [
      file(store, value),
      tool('xclip', script('-o|-out')),
      tool('xsel', script('-o|--output')),
      tool('wl-paste', `#!/bin/sh\nexec cat "$HOME/${store}"\n`),
      tool('wl-copy', `#!/bin/sh\nexec cat > "$HOME/${store}"\n`),
    ],
  };
}

function shellHistory(random: RandomSource, persona: Persona): DecoyPart {
  const password = randomText(random, 22, alphabets.alphanumeric);
  const token = `glpat-${randomText(random, 20, alphabets.base64url)}`;
  const content = [
    'git status',
    `cd ~/${persona.project.directory}`,
    'npm ci',
    'npm run dev',
    `mysql -h db.${persona.organisation}.example -u root -p${password} ${persona.project.name}`,
    `curl -H "PRIVATE-TOKEN: ${token}" https://git.${persona.organisation}.example/api/v4/projects`,
    'docker compose up -d',
    'git commit -am "Round prices after discount"',
    'git push',
    '',
  ].join('\n');
  return {
    kind: 'shell_history',
    location: '~/.bash_history',
    values: [password, token],
    files: [file('.bash_history', content), file('.zsh_history', content.replace(/^(?=.)/gm, ': 1760000000:0;'))],
  };
}

function aiConfig(random: RandomSource, persona: Persona): DecoyPart {
  const access = `sk-ant-oat01-${randomText(random, 95, alphabets.base64url)}`;
  const key = `sk-proj-${randomText(random, 74, alphabets.base64url)}`;
  const files = [
    file('.claude/.credentials.json', json({ claudeAiOauth: { accessToken: access, scopes: ['user:inference'] } })),
    file('.codex/auth.json', json({ OPENAI_API_KEY: key, tokens: null })),
  ];
  if (persona.name === 'agent') files.push(...agentWorkstation(persona, key));
  return { kind: 'ai_config', location: '~/.claude/.credentials.json', values: [access, key], files };
}

/** The configuration that an agent reads at its start: what a persistence attempt would write to. */
function agentWorkstation(persona: Persona, key: string): PlantedFile[] {
  const servers = { mcpServers: { tickets: { command: 'npx', args: ['tickets-mcp'], env: { TICKETS_KEY: key } } } };
  return [
    file(
      '.claude.json',
      json({ numStartups: 214, projects: { [`${persona.home}/${persona.project.directory}`]: servers } }),
    ),
    file('.claude/settings.json', json({ permissions: { allow: ['Bash(npm run test:*)'], deny: [] } })),
    file('.claude/CLAUDE.md', '# Preferences\n\nRun the tests before you say that something works.\n'),
    file('.cursor/mcp.json', json(servers)),
    file('.codex/config.toml', 'model = "gpt-5-codex"\napproval_policy = "on-request"\n'),
    file('.gemini/settings.json', json({ selectedAuthType: 'oauth-personal' })),
    file(`${persona.project.directory}/AGENTS.md`, '# Working here\n\nUse npm. Keep functions small.\n'),
    file(`${persona.project.directory}/.mcp.json`, json(servers)),
  ];
}

function vscodeSecret(random: RandomSource): DecoyPart {
  const value = randomText(random, 52, alphabets.base64url);
  const code = '.config/Code/User';
  return {
    kind: 'vscode_secret',
    location: `~/${code}/globalStorage/state.vscdb`,
    values: [value],
    files: [
      file(
        `${code}/globalStorage/state.vscdb`,
        sqliteLike(`secret://{"extensionId":"vscode.github-authentication"}\t${value}`),
      ),
      file(`${code}/settings.json`, json({ 'editor.formatOnSave': true, 'git.autofetch': true })),
      file('.vscode/argv.json', json({ 'enable-crash-reporter': true })),
    ],
  };
}

function file(path: string, content: string | Uint8Array): PlantedFile {
  return { path, content, mode: 0o600 };
}

/** The head of an SQLite file and one row's text: enough for a thief that copies, not for one that queries. */
function sqliteLike(row: string): Uint8Array {
  const page = Buffer.alloc(4096);
  page.write('SQLite format 3\0', 'latin1');
  page.writeUInt16BE(4096, 16);
  page.set([1, 1, 0, 64, 32, 32], 18);
  page.writeUInt32BE(1, 28);
  page.writeUInt32BE(4, 44);
  page.writeUInt32BE(1, 56);
  page[100] = 13;
  page.writeUInt16BE(4096 - row.length, 105);
  page.write(row, 4096 - row.length, 'latin1');
  return page;
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
