import { type Persona, personas } from '../persona.ts';
import type { PlantedFile } from './plant.ts';
import { alphabets, type RandomSource, randomText } from './random.ts';

/**
 * A home that somebody lives in: what a look around finds besides the decoys, and what destruction would hit.
 *
 * *Shape:* paths relative to the persona's home. Holds no secret.
 */
export function makeHome(random: RandomSource, persona: Persona): PlantedFile[] {
  const { folders } = personas[persona.name];
  const plain = (path: string, content: string | Uint8Array) => ({ path, content, mode: 0o644 });
  const photo = (path: string) => plain(path, Buffer.concat([jpegHead, random(1800)]));
  const dotfiles = [
    plain('.bashrc', bashrc),
    plain('.profile', '[ -n "$BASH_VERSION" ] && [ -f "$HOME/.bashrc" ] && . "$HOME/.bashrc"\n'),
    plain('.bash_logout', '[ "$SHLVL" = 1 ] && [ -x /usr/bin/clear_console ] && /usr/bin/clear_console -q\n'),
    plain('.gitconfig', gitconfig(persona)),
    plain(
      '.ssh/known_hosts',
      `github.com ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI${randomText(random, 43, alphabets.alphanumeric)}\n`,
    ),
    plain('.ssh/config', `Host github.com\n  User git\n  IdentityFile ~/.ssh/id_ed25519\n`),
    plain('.cache/pip/selfcheck.json', '{"last_check":"2026-03-02T08:11:40Z"}'),
    plain('.local/share/recently-used.xbel', '<?xml version="1.0" encoding="UTF-8"?>\n<xbel version="1.0"></xbel>\n'),
  ];
  if (persona.name === 'ci') return [...dotfiles, ...projectFiles(persona)];
  const { documents, downloads, pictures, desktop } = folders;
  return [
    ...dotfiles,
    ...projectFiles(persona),
    plain('.config/user-dirs.dirs', userDirectories(folders)),
    plain('.config/mimeapps.list', '[Default Applications]\ntext/html=google-chrome.desktop\n'),
    plain('.config/autostart/.keep', ''),
    plain(
      `${documents}/meeting-notes.md`,
      '# Monday\n\n- price rounding: agreed on half-even\n- move the import job to Thursday night\n',
    ),
    plain(
      `${documents}/quarterly-plan.md`,
      '# Plan\n\n1. New checkout\n2. Returns without paper\n3. Search that finds things\n',
    ),
    plain(`${documents}/invoice-1142.txt`, 'Invoice 1142\nConsulting, March: 3 days\nTotal: 2,310.00\n'),
    plain(`${documents}/travel.csv`, 'date,from,to,amount\n2026-02-11,BER,CPH,184.00\n2026-02-13,CPH,BER,163.50\n'),
    plain(`${documents}/cv.txt`, `${persona.fullName}\n${persona.email}\n\nSoftware developer\n`),
    plain(`${documents}/tax/2025-summary.txt`, 'Summary 2025\nIncome: see attachment\n'),
    plain(`${documents}/tax/2025-receipts.csv`, 'no,date,amount\n1,2025-04-02,49.90\n2,2025-06-19,1249.00\n'),
    plain(`${downloads}/agenda.txt`, '09:30 start\n12:15 lunch\n16:00 end\n'),
    plain(`${downloads}/dataset-sample.csv`, 'sku,stock\nA-1001,17\nA-1002,4\n'),
    photo(`${pictures}/IMG_20260104_101512.jpg`),
    photo(`${pictures}/IMG_20260104_101733.jpg`),
    photo(`${pictures}/team.jpg`),
    plain(`${desktop}/todo.txt`, 'call the landlord\nrenew passport\n'),
  ];
}

/** Signature and JFIF header; what follows is noise. */
const jpegHead = Buffer.from('ffd8ffe000104a46494600010100000100010000', 'hex');

const bashrc = [
  'case $- in *i*) ;; *) return ;; esac',
  'HISTCONTROL=ignoreboth',
  'HISTSIZE=1000',
  'shopt -s histappend checkwinsize',
  "alias ll='ls -alF'",
  "alias gs='git status'",
  '',
].join('\n');

function gitconfig({ fullName, email }: Persona): string {
  return `[user]\n\tname = ${fullName}\n\temail = ${email}\n[credential]\n\thelper = store\n[init]\n\tdefaultBranch = main\n[pull]\n\trebase = true\n`;
}

function userDirectories(folders: { documents: string; downloads: string; pictures: string; desktop: string }): string {
  return Object.entries(folders)
    .map(([name, folder]) => `XDG_${name.replace(/s$/, '').toUpperCase()}_DIR="$HOME/${folder}"\n`)
    .join('');
}

/** The consumer project without its manifest, which the install phase writes. */
function projectFiles({ project, organisation }: Persona): PlantedFile[] {
  const inProject = (path: string, content: string) => ({ path: `${project.directory}/${path}`, content, mode: 0o644 });
  return [
    inProject('README.md', `# ${project.name}\n\nStart with \`npm ci\`, then \`npm run dev\`.\n`),
    inProject('.gitignore', 'node_modules/\ndist/\n.env\n'),
    inProject('src/index.js', "export { total } from './prices.js';\n"),
    inProject(
      'src/prices.js',
      'export const total = (lines) => lines.reduce((sum, { price, count }) => sum + price * count, 0);\n',
    ),
    inProject('.git/HEAD', 'ref: refs/heads/main\n'),
    inProject(
      '.git/config',
      `[core]\n\trepositoryformatversion = 0\n\tbare = false\n[remote "origin"]\n\turl = https://github.com/${organisation}/${project.name}.git\n`,
    ),
    inProject(
      '.github/workflows/ci.yml',
      'on: [push]\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps:\n      - run: npm test\n',
    ),
    inProject('.vscode/settings.json', '{ "editor.tabSize": 2 }\n'),
  ];
}
