import { existsSync } from 'node:fs';
import { broken, type Conclusion, missing, ok } from './capability.ts';
import { install, type Surroundings } from './surroundings.ts';

/** What packages are run with, what shifts their clock, and what their sources are fetched with. */

const reinstall = 'run npm run setup in the checkout, which brings it';
const leastNode = [24, 15] as const;

export async function probeNode(around: Surroundings): Promise<Conclusion> {
  const { node } = around.options;
  if (!existsSync(node)) return missing(`${node} not found`, reinstall);
  const tried = await around.run([node, '--version']);
  const [, major, minor] = /^v(\d+)\.(\d+)\./.exec(tried.stdout) ?? [];
  if (major === undefined) return broken(tried.complaint || 'it does not say its version', reinstall);
  const newEnough = Number(major) > leastNode[0] || (Number(major) === leastNode[0] && Number(minor) >= leastNode[1]);
  return newEnough ? ok(tried.stdout.trim()) : broken(`${tried.stdout.trim()} is too old`, reinstall);
}

export async function probeNpm(around: Surroundings): Promise<Conclusion> {
  const { node, npm } = around.options;
  if (npm === undefined || !existsSync(npm)) return missing('the pinned npm was not found', reinstall);
  const tried = await around.run([node, npm, '--version'], { HOME: '/nonexistent', npm_config_cache: '/nonexistent' });
  return tried.code === 0 ? ok(tried.stdout.trim()) : broken(tried.complaint, reinstall);
}

const days = 400;
/** Says by how many days the clock is ahead, and how long a timer of 50 ms took on the monotonic clock. */
const readClocks = `
const begun = performance.now();
setTimeout(() => console.log(JSON.stringify({ now: Date.now(), waited: performance.now() - begun })), 50);
`;

export async function probeClock(around: Surroundings): Promise<Conclusion> {
  const { node, faketimeLibraries } = around.options;
  const library = faketimeLibraries.find((file) => existsSync(file));
  if (library === undefined) return missing('libfaketime not found', install('libfaketime'));
  const env = { LD_PRELOAD: library, FAKETIME: `+${days}d`, FAKETIME_DONT_FAKE_MONOTONIC: '1' };
  const tried = await around.run([node, '-e', readClocks], env);
  const fix = `install libfaketime 0.9.10 or newer in place of ${library}`;
  if (tried.code !== 0) return broken(tried.complaint, fix);
  const { now, waited } = JSON.parse(tried.stdout) as { now: number; waited: number };
  const ahead = Math.round((now - Date.now()) / 86_400_000);
  if (ahead !== days) return broken(`asked for ${days} days, the clock is ${ahead} ahead`, fix);
  return waited >= 45 ? ok(`shifts the clock and leaves timers right (${library})`) : broken('timers fire early', fix);
}

export async function probePython(around: Surroundings): Promise<Conclusion> {
  const needed = around.need({ python3: 'python3 python3-venv python3-pip' });
  if ('lack' in needed) return needed.lack;
  const [python = ''] = needed.paths;
  // ensurepip holds the pip that an environment gets; Debian ships it apart. Installing it takes seconds: it is only found.
  const script =
    'import ensurepip, platform, sys, venv; venv.create(sys.argv[1], symlinks=True); print(platform.python_version(), ensurepip.version())';
  const tried = await around.inScratch((place) => around.run([python, '-I', '-c', script, place]));
  if (tried.code !== 0) return broken(tried.complaint, install('python3-venv python3-pip'));
  const [version = '', pip = ''] = tried.stdout.trim().split(' ');
  return ok(`${version}, pip ${pip}`);
}

export async function probeGit(around: Surroundings): Promise<Conclusion> {
  const needed = around.need({ git: 'git' });
  if ('lack' in needed) return needed.lack;
  const tried = await around.run([...needed.paths, '--version']);
  return tried.code === 0 ? ok(tried.stdout.trim()) : broken(tried.complaint, install('git'));
}
