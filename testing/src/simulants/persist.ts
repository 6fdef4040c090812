import { base64 } from './encode.ts';
import { armed, finding, fires, hooked, latchCommand, pkg, quiet, type Simulant, text } from './simulant.ts';

const any = { phase: ['install', 'import', 'execute'] } as const;
const autostart = finding('persist.autostart', 'high', [['file.write', 'file.rename', 'file.link']], any);
const agent = finding('persist.agent-config', 'high', [['file.write', 'file.rename', 'file.link']], any);

/** B24–B25: something of the package runs again later: shells, services, agents, editors. All entries run `true` or `echo`. */
export const persist: readonly Simulant[] = [
  {
    id: 'b24-shell-profile',
    row: 'B24',
    kind: 'positive',
    form: 'plain',
    packages: [
      hooked(
        'b24-profile',
        armed`
          const fs = require('node:fs'), os = require('node:os'), path = require('node:path');
          fs.appendFileSync(path.join(os.homedir(), '.bashrc'), '\n: simulant marker\n');
        `,
      ),
    ],
    expect: fires('suspicious', [autostart]),
    note: 'One line that does nothing, in every new shell.',
  },
  {
    id: 'b24-user-service',
    row: 'B24',
    kind: 'positive',
    form: 'plain',
    packages: [
      pkg('b24-service', {
        'index.js': armed`
          const fs = require('node:fs'), path = require('node:path');
          const folder = path.join(require('node:os').homedir(), '.config/systemd/user');
          fs.mkdirSync(path.join(folder, 'default.target.wants'), { recursive: true });
          fs.writeFileSync(path.join(folder, 'simulant.service'), '[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=default.target\n');
          fs.symlinkSync('../simulant.service', path.join(folder, 'default.target.wants/simulant.service'));
          module.exports = (rows) => rows;
        `,
      }),
    ],
    expect: fires('suspicious', [autostart]),
    note: 'A user service, enabled by its link.',
  },
  {
    id: 'b24-evasion-desktop-autostart-renamed',
    row: 'B24',
    kind: 'evasion',
    form: 'light',
    packages: [
      hooked(
        'b24-desktop',
        armed`
          const fs = require('node:fs'), os = require('node:os'), path = require('node:path');
          const draft = path.join(os.tmpdir(), 'draft-' + process.pid);
          fs.writeFileSync(draft, '[Desktop Entry]\nType=Application\nName=Marker\nExec=/bin/true\n');
          const folder = path.join(os.homedir(), ...Buffer.from('${base64('.config/autostart')}', 'base64').toString().split('/'));
          fs.mkdirSync(folder, { recursive: true });
          try { fs.renameSync(draft, path.join(folder, 'm.desktop')); } catch { fs.copyFileSync(draft, path.join(folder, 'm.desktop')); }
        `,
      ),
    ],
    expect: fires('suspicious', [autostart]),
    note: 'Written elsewhere and moved into place.',
  },
  {
    id: 'b24-evasion-crontab-and-profile-by-shell',
    row: 'B24',
    kind: 'evasion',
    form: 'light',
    packages: [
      pkg(
        'b24-cron',
        {
          'warm.sh': text`
            #!/bin/sh
            printf '@reboot /bin/true\n' > "$PWD/.t"
            command -v crontab > /dev/null && crontab "$PWD/.t" 2> /dev/null
            printf ': simulant marker\n' | tee -a "$HOME/.profile" > /dev/null
            unlink "$PWD/.t"; exit 0
          `,
        },
        { scripts: { postinstall: `${latchCommand}env -i HOME="$HOME" PATH="$PATH" sh warm.sh` } },
      ),
    ],
    expect: fires('suspicious', [autostart]),
    note: 'crontab when there is one, tee into the profile in any case.',
  },
  {
    id: 'b24-neighbour-prints-completion',
    row: 'B24',
    kind: 'neighbour',
    form: 'plain',
    packages: [
      pkg(
        'n24-completion',
        {
          'bin/cols.js': `#!/usr/bin/env node\n${text`
            const script = 'complete -W "--help --width" cols\n';
            if (process.argv[2] === 'completion') process.stdout.write(script);
            else console.log('usage: cols [completion]\nadd to ~/.bashrc: eval "$(cols completion)"');
          `}`,
        },
        { bin: { cols: 'bin/cols.js' } },
      ),
    ],
    expect: quiet(['persist.', 'tamper.']),
    note: 'Says what to add to the profile and leaves it to the reader.',
  },
  {
    id: 'b25-agent-hook',
    row: 'B25',
    kind: 'positive',
    form: 'plain',
    packages: [
      hooked(
        'b25-agent',
        armed`
          const fs = require('node:fs'), os = require('node:os'), path = require('node:path');
          const folder = path.join(os.homedir(), '.claude');
          fs.mkdirSync(folder, { recursive: true });
          const hooks = { SessionStart: [{ hooks: [{ type: 'command', command: 'echo simulant' }] }] };
          fs.writeFileSync(path.join(folder, 'settings.json'), JSON.stringify({ hooks }));
        `,
      ),
    ],
    expect: fires('suspicious', [agent]),
    note: 'A command at the start of every agent session.',
  },
  {
    id: 'b25-open-folder-task',
    row: 'B25',
    kind: 'positive',
    form: 'plain',
    packages: [
      hooked(
        'b25-task',
        armed`
          const fs = require('node:fs'), path = require('node:path');
          const folder = path.join(process.env.INIT_CWD ?? process.cwd(), '.vscode');
          fs.mkdirSync(folder, { recursive: true });
          const task = { label: 'marker', type: 'shell', command: 'echo simulant', runOptions: { runOn: 'folderOpen' } };
          fs.writeFileSync(path.join(folder, 'tasks.json'), JSON.stringify({ version: '2.0.0', tasks: [task] }));
        `,
      ),
    ],
    expect: fires('suspicious', [agent]),
    note: 'An editor task that runs when the consumer’s project is opened.',
  },
  {
    id: 'b25-evasion-mcp-server-by-link',
    row: 'B25',
    kind: 'evasion',
    form: 'heavy',
    packages: [
      pkg('b25-mcp', {
        'index.js': armed`
          const { spawn } = require('node:child_process');
          const path = ['.cur' + 'sor', 'mcp.json'];
          setTimeout(() => spawn('sh', ['-c', 'mkdir -p "$1/$2" && cp conf/defaults "$1/.d" && mv -f "$1/.d" "$1/$2/$3" && printf "\n<!-- simulant marker -->\n" >> "$1/AGENTS.md"',
            'sh', process.env.HOME, ...path], { cwd: __dirname, stdio: 'ignore', env: {} }), 300);
          module.exports = (rows) => rows;
        `,
        'conf/defaults': JSON.stringify({ mcpServers: { marker: { command: 'echo', args: ['simulant'] } } }),
      }),
    ],
    expect: fires('suspicious', [agent]),
    note: 'A tool server for an editor’s agent, copied and moved by a shell; a line in the agents’ instructions.',
  },
  {
    id: 'b25-neighbour-ships-instructions',
    row: 'B25',
    kind: 'neighbour',
    form: 'plain',
    packages: [
      pkg('n25-docs', {
        'AGENTS.md': '# For agents working on this package\n\nRun `npm test`. Keep lines under 100 characters.\n',
        '.vscode/settings.json': '{ "editor.tabSize": 2 }\n',
        'index.js': text`
          exports.mcpConfig = () => JSON.stringify({ mcpServers: { columns: { command: 'npx', args: ['columns-mcp'] } } }, null, 2);
        `,
      }),
    ],
    expect: quiet(['persist.', 'ai.']),
    note: 'Instructions and settings in its own folder; a configuration is returned as text.',
  },
];
