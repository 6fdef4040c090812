import { spawn } from 'node:child_process';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** One path of a commit: text or bytes, an executable, a symbolic link, or a submodule at a commit id (not fetched). */
export type GitFile =
  | string
  | Uint8Array
  | { content: string | Uint8Array; executable: true }
  | { symlink: string }
  | { submodule: string };

export type GitCommit = {
  /** Name of the commit inside this data; its object id is in the answer. */
  id: string;
  /** Names of earlier commits; without it the commit before this one. `[]` starts a new root. */
  parents?: readonly string[];
  /** The whole tree, by path. */
  files: Readonly<Record<string, GitFile>>;
  message?: string;
};

export type GitRepositoryData = {
  commits: readonly GitCommit[];
  /** Branch name → commit name; without it `main` at the last commit. */
  branches?: Readonly<Record<string, string>>;
  /** Tag name → commit name, or an annotated tag. */
  tags?: Readonly<Record<string, string | { annotated: string }>>;
  /** Any other ref by its full name, e.g. `refs/pull/1/head`. */
  refs?: Readonly<Record<string, string>>;
  /** Branch that HEAD names: `main`. */
  defaultBranch?: string;
  objectFormat?: 'sha1' | 'sha256';
};

export type BuiltRepository = {
  /** The bare repository. */
  dir: string;
  /** Object id of each commit by its name. */
  commits: Readonly<Record<string, string>>;
};

/** A Git LFS pointer file to content that exists nowhere. */
export function lfsPointer(sha256: string, size: number): string {
  return `version https://git-lfs.github.com/spec/v1\noid sha256:${sha256}\nsize ${size}\n`;
}

const identity = 'Tester <tester@example.test>';
/** 2026-01-02T03:04:05Z; each commit one minute later, so that ids are the same on every machine. */
const epoch = 1_767_323_045;

/** Git that reads nobody's configuration and asks nobody anything. */
export const bareGitEnvironment: NodeJS.ProcessEnv = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  LC_ALL: 'C',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_TERMINAL_PROMPT: '0',
};

/** Runs git to its end. *Errors:* an `Error` with what git wrote to stderr. */
export async function runGitForTest(args: readonly string[], input: Uint8Array = new Uint8Array()): Promise<string> {
  const child = spawn('git', args, { env: bareGitEnvironment, stdio: ['pipe', 'pipe', 'pipe'] });
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
  // Git that needs no input may be gone before it is written: its exit code says how it went.
  child.stdin.on('error', () => child.stdin.destroy());
  child.stdin.end(input);
  const { promise, resolve, reject } = Promise.withResolvers<number | null>();
  child.once('error', reject);
  child.once('close', resolve);
  const code = await promise;
  if (code !== 0) throw new Error(`git ${args.join(' ')}: ${Buffer.concat(err).toString('utf8')}`);
  return Buffer.concat(out).toString('utf8');
}

/**
 * Builds a bare repository from data, in one pass through `git fast-import`, with fixed dates and identities: the same
 * data gives the same object ids everywhere.
 */
export async function buildGitRepository(dir: string, data: GitRepositoryData): Promise<BuiltRepository> {
  await mkdir(dir, { recursive: true });
  const head = data.defaultBranch ?? 'main';
  const format = data.objectFormat ?? 'sha1';
  await runGitForTest(['init', '-q', '--bare', '--template=', `--object-format=${format}`, `-b${head}`, dir]);
  for (const key of ['uploadpack.allowFilter', 'uploadpack.allowAnySHA1InWant']) {
    await runGitForTest(['-C', dir, 'config', key, 'true']);
  }
  const marksFile = join(dir, 'marks');
  const command = ['-C', dir, 'fast-import', '--quiet', '--date-format=raw', `--export-marks=${marksFile}`];
  await runGitForTest(command, importStream(data, head));
  const marks = new Map(
    (await readFile(marksFile, 'utf8')).split('\n').map((line) => line.split(' ') as [string, string]),
  );
  await rm(marksFile);
  const commits = data.commits.map(({ id }, index) => [id, marks.get(`:${index + 1}`) ?? ''] as const);
  return { dir, commits: Object.fromEntries(commits) };
}

function importStream(data: GitRepositoryData, head: string): Buffer {
  const parts: Buffer[] = [];
  const say = (text: string): number => parts.push(Buffer.from(text));
  const blob = (content: string | Uint8Array): void => {
    const bytes = Buffer.from(content as Uint8Array);
    say(`data ${bytes.length}\n`);
    parts.push(bytes, Buffer.from('\n'));
  };
  const marks = new Map(data.commits.map(({ id }, index) => [id, `:${index + 1}`]));
  const markOf = (id: string): string => {
    const mark = marks.get(id);
    if (mark === undefined) throw new Error(`no commit is called ${id}`);
    return mark;
  };
  data.commits.forEach(({ id, parents, files, message }, index) => {
    const before = data.commits[index - 1]?.id;
    const [first, ...others] = parents ?? (before === undefined ? [] : [before]);
    const by = `${identity} ${epoch + index * 60} +0000`;
    // Each commit goes to a ref of its own first: a ref that moved would become an implicit parent.
    say(`commit refs/import/${index}\nmark ${markOf(id)}\nauthor ${by}\ncommitter ${by}\n`);
    blob(message ?? id);
    if (first !== undefined) say(`from ${markOf(first)}\n`);
    for (const other of others) say(`merge ${markOf(other)}\n`);
    say('deleteall\n');
    for (const [path, file] of Object.entries(files)) {
      if (typeof file === 'object' && 'submodule' in file) {
        say(`M 160000 ${file.submodule} ${path}\n`);
      } else if (typeof file === 'object' && 'symlink' in file) {
        say(`M 120000 inline ${path}\n`);
        blob(file.symlink);
      } else if (typeof file === 'object' && 'content' in file) {
        say(`M 100755 inline ${path}\n`);
        blob(file.content);
      } else {
        say(`M 100644 inline ${path}\n`);
        blob(file);
      }
    }
    say('\n');
  });
  const last = data.commits.at(-1)?.id;
  const branches = data.branches ?? (last === undefined ? {} : { [head]: last });
  for (const [name, id] of Object.entries(branches)) say(`reset refs/heads/${name}\nfrom ${markOf(id)}\n\n`);
  for (const [name, id] of Object.entries(data.refs ?? {})) say(`reset ${name}\nfrom ${markOf(id)}\n\n`);
  for (const [name, target] of Object.entries(data.tags ?? {})) {
    if (typeof target === 'string') {
      say(`reset refs/tags/${name}\nfrom ${markOf(target)}\n\n`);
    } else {
      say(`tag ${name}\nfrom ${markOf(target.annotated)}\ntagger ${identity} ${epoch} +0000\n`);
      blob(name);
    }
  }
  data.commits.forEach((_, index) => {
    say(`reset refs/import/${index}\nfrom ${'0'.repeat(data.objectFormat === 'sha256' ? 64 : 40)}\n\n`);
  });
  return Buffer.concat(parts);
}
