import { describe, expect, it } from 'vitest';
import { play } from './tape.ts';

const env = '["PATH=/usr/local/bin:/usr/bin:/bin", "HOME=/home/dev", "LANG=C.UTF-8"]';
const npm = `100 execve("/usr/local/bin/node", ["node", "/usr/local/lib/node_modules/npm/bin/npm-cli.js", "install"], ${env}) = 0`;
const fork = (tid: number, pid: number, child: number) =>
  `${tid} clone(child_stack=NULL, flags=SIGCHLD) = ${pid} /* ${child} in strace's PID NS */`;
const hookEnv =
  '["PATH=/usr/local/bin:/usr/bin:/bin", "HOME=/home/dev", "npm_lifecycle_event=postinstall", "npm_package_name=lodash"]';

function nodesOf(rows: string[], options = {}) {
  return play(rows, options).reducer.nodes();
}

describe('the process tree', () => {
  it('begins with the first program that does not set the sandbox up', () => {
    const nodes = nodesOf([
      '10 execve("/usr/bin/bwrap", ["bwrap", "--", "node"], []) = 0',
      '10 openat(AT_FDCWD</>, "/home/dev/.npmrc", O_RDONLY) = 3</home/dev/.npmrc>',
      npm,
      '10 +++ exited with 0 +++',
    ]);
    expect(nodes).toHaveLength(1);
    expect(nodes[0]).toMatchObject({ key: 'p1', pid: 2, process_name: 'node', toolchain: true });
    expect(nodes[0]?.parent_key).toBeUndefined();
  });

  it('threads are part of their process', () => {
    const { reducer } = play([
      npm,
      "100 clone3({flags=CLONE_VM|CLONE_THREAD, exit_signal=0} => {parent_tid=[3]}, 88) = 3 /* 101 in strace's PID NS */",
      '101 unlink("/home/dev/x") = 0',
      '101 +++ exited with 0 +++',
    ]);
    expect(reducer.nodes()).toHaveLength(1);
    expect(reducer.events().find(({ type }) => type === 'file.delete')).toMatchObject({ process: 'p1', path: '~/x' });
    expect(reducer.nodes()[0]?.exit_ms).toBeUndefined();
  });

  it('a child whose lines come before its parent has heard of it is a child of the process that is forking', () => {
    const { reducer } = play([
      npm,
      '100 vfork( <unfinished ...>',
      '101 execve("/usr/bin/sh", ["sh", "-c", "x"], []) = 0',
      "100 <... vfork resumed>) = 7 /* 101 in strace's PID NS */",
      '101 +++ exited with 5 +++',
    ]);
    expect(reducer.nodes()[1]).toMatchObject({
      key: 'p2',
      pid: 7,
      parent_key: 'p1',
      argv: ['sh', '-c', 'x'],
      exit_code: 5,
    });
  });

  it('a child that was taken for another process’s is put right when its parent returns', () => {
    const { reducer } = play([
      npm,
      fork(100, 3, 101),
      '101 execve("/usr/bin/sh", ["sh"], []) = 0',
      '100 clone(flags=SIGCHLD <unfinished ...>',
      '101 clone(flags=SIGCHLD <unfinished ...>',
      '102 execve("/usr/bin/true", ["true"], []) = 0',
      "100 <... clone resumed>) = 4 /* 102 in strace's PID NS */",
      "101 <... clone resumed>) = 5 /* 103 in strace's PID NS */",
    ]);
    expect(reducer.nodes().find(({ process_name }) => process_name === 'true')).toMatchObject({
      pid: 4,
      parent_key: 'p1',
    });
  });

  it('a fork that neither executes nor does anything leaves no trace, and its children hang on what is left', () => {
    const nodes = nodesOf([
      npm,
      fork(100, 3, 101),
      fork(101, 4, 102),
      '101 +++ exited with 0 +++',
      '102 execve("/usr/bin/true", ["true"], []) = 0',
    ]);
    expect(nodes.map(({ key, parent_key }) => [key, parent_key])).toEqual([
      ['p1', undefined],
      ['p2', 'p1'],
    ]);
  });

  it('a death by signal is told', () => {
    const nodes = nodesOf([npm, '100 +++ killed by SIGKILL +++']);
    expect(nodes[0]).toMatchObject({ signal: 'SIGKILL' });
    expect(nodes[0]?.exit_code).toBeUndefined();
  });

  it('the working directory is followed through chdir, fchdir, forks and what the kernel says', () => {
    const { reducer } = play([
      npm,
      '100 chdir("/home/dev") = 0',
      fork(100, 3, 101),
      '101 chdir("project") = 0',
      '101 unlink("a") = 0',
      '101 fchdir(5</tmp>) = 0',
      '101 unlink("b") = 0',
      '100 unlink("c") = 0',
      '101 openat(AT_FDCWD</home/dev/really>, "x", O_RDONLY) = -1 ENOENT (No such file or directory)',
      '101 unlink("d") = 0',
      '101 unlinkat(6</home/dev/project>, "../e", 0) = 0',
    ]);
    const deleted = reducer.events().filter(({ type }) => type === 'file.delete');
    expect(deleted.map(({ path }) => path)).toEqual(['~/project/a', '{tmp}/b', '~/c', '~/really/d', '~/e']);
  });

  it('more processes than fit are shown under their nearest ancestor, and counted', () => {
    const rows = Array.from({ length: 20 }, (_, index) => [
      fork(100, 10 + index, 200 + index),
      `${200 + index} unlink("/home/dev/${index}") = 0`,
    ]).flat();
    const { reducer } = play([npm, ...rows], {
      limits: { processes: { maxNodes: 5, maxWords: 64, maxArgvChars: 8192, maxRemembered: 16 } },
    });
    expect(reducer.nodes()).toHaveLength(5);
    expect(reducer.facts().foldedProcesses).toBe(16);
    expect(reducer.events().filter(({ type, process }) => type === 'file.delete' && process === 'p1')).toHaveLength(16);
  });
});

describe('the package behind a process', () => {
  const inFolder = (name: string) => `101 chdir("/home/dev/project/node_modules/${name}") = 0`;

  it('a life-cycle script belongs to the package whose folder npm changed into, whatever its manifest calls itself', () => {
    const nodes = nodesOf([
      npm,
      fork(100, 3, 101),
      inFolder('@scope/thief'),
      `101 execve("/usr/bin/sh", ["sh", "-c", "node setup.js"], ${hookEnv}) = 0`,
      fork(101, 4, 102),
      `102 execve("/usr/local/bin/node", ["node", "setup.js"], ${hookEnv}) = 0`,
    ]);
    expect(nodes.map((node) => [node.process_name, node.package, node.toolchain])).toEqual([
      ['node', undefined, true],
      ['sh', '@scope/thief', false],
      ['node', '@scope/thief', false],
    ]);
  });

  it('the package manager started by a package is toolchain, and still the package’s doing', () => {
    const nodes = nodesOf([
      npm,
      fork(100, 3, 101),
      inFolder('worm'),
      `101 execve("/usr/bin/sh", ["sh", "-c", "npm publish"], ${hookEnv}) = 0`,
      `101 execve("/usr/local/bin/node", ["node", "/usr/local/lib/node_modules/npm/bin/npm-cli.js", "publish"], ${hookEnv}) = 0`,
      fork(101, 4, 102),
      '102 chdir("/home/dev/project/node_modules/lodash") = 0',
      `102 execve("/usr/bin/sh", ["sh", "-c", "x"], ${hookEnv}) = 0`,
    ]);
    expect(nodes.map((node) => [node.package, node.toolchain])).toEqual([
      [undefined, true],
      ['worm', true],
      ['worm', false],
    ]);
  });

  it.each([
    ['a compiler', '"/usr/bin/cc", ["cc", "-c", "a.c"], []', true],
    ['git', '"/usr/bin/git", ["git", "status"], []', true],
    [
      'node-gyp of the package manager',
      '"/usr/local/bin/node", ["node", "/usr/local/lib/node_modules/npm/node_modules/node-gyp/bin/node-gyp.js"], []',
      true,
    ],
    [
      'python with a script of the toolchain',
      '"/usr/bin/python3", ["python3", "/usr/local/lib/node_modules/npm/gyp_main.py"], []',
      true,
    ],
    [
      'a preload of the toolchain',
      '"/usr/local/bin/node", ["node", "/usr/local/lib/node_modules/npm/bin/npm-cli.js"], ["NODE_OPTIONS=--require /opt/hook/hook.cjs"]',
      true,
    ],
    ['a shell', '"/usr/bin/sh", ["sh", "-c", "make"], []', false],
    ['a compiler out of a writable folder', '"/tmp/cc", ["cc"], []', false],
    ['a compiler reached through a writable folder', '"/usr/bin/../../tmp/cc", ["cc"], []', false],
    ['a compiler with a library of the package', '"/usr/bin/cc", ["cc"], ["LD_PRELOAD=/tmp/x.so"]', false],
    [
      'node with code on its command line',
      '"/usr/local/bin/node", ["node", "-e", "1", "/usr/local/lib/node_modules/npm/bin/npm-cli.js"], []',
      false,
    ],
    [
      'npm with a preload of the package',
      '"/usr/local/bin/node", ["node", "-r", "./x.js", "/usr/local/lib/node_modules/npm/bin/npm-cli.js"], []',
      false,
    ],
    [
      'npm with a preload in the environment',
      '"/usr/local/bin/node", ["node", "/usr/local/lib/node_modules/npm/bin/npm-cli.js"], ["NODE_OPTIONS=--max-old-space-size=99 --import=/tmp/x.mjs"]',
      false,
    ],
    [
      'an option that takes the npm script as its value',
      '"/usr/local/bin/node", ["node", "-C", "/usr/local/lib/node_modules/npm/bin/npm-cli.js", "evil.js"], []',
      false,
    ],
    [
      'npm with more memory',
      '"/usr/local/bin/node", ["node", "--max-old-space-size=4096", "/usr/local/lib/node_modules/npm/bin/npm-cli.js"], []',
      true,
    ],
    [
      'npm with an environment file',
      '"/usr/local/bin/node", ["node", "--env-file=.env", "/usr/local/lib/node_modules/npm/bin/npm-cli.js"], []',
      false,
    ],
    ['a script of the package', '"/usr/local/bin/node", ["node", "setup.js"], []', false],
    ['python with inline code', '"/usr/bin/python3", ["python3", "-c", "import os"], []', false],
    ['curl', '"/usr/bin/curl", ["curl", "https://x.test"], []', false],
  ])('%s is toolchain or not by what it interprets', (_what, execution, toolchain) => {
    const nodes = nodesOf([npm, fork(100, 3, 101), inFolder('a'), `101 execve(${execution}) = 0`]);
    expect(nodes[1]?.toolchain).toBe(toolchain);
  });

  it('what the command was started with by us injects nothing, whoever inherits it', () => {
    const ours = '["LD_PRELOAD=/usr/lib/faketime.so", "NODE_OPTIONS=--require /run/ours.cjs", "HOME=/home/dev"]';
    const nodes = nodesOf([
      `100 execve("/usr/local/bin/node", ["node", "/usr/local/lib/node_modules/npm/bin/npm-cli.js"], ${ours}) = 0`,
      fork(100, 3, 101),
      `101 execve("/usr/bin/git", ["git"], ${ours}) = 0`,
      fork(100, 4, 102),
      '102 execve("/usr/bin/git", ["git"], ["LD_PRELOAD=/tmp/other.so"]) = 0',
    ]);
    expect(nodes.map(({ toolchain }) => toolchain)).toEqual([true, true, false]);
  });

  it('in import and execute the command itself is the package’s code', () => {
    const nodes = nodesOf(
      [
        '100 execve("/usr/local/bin/node", ["node", "/opt/hook/driver.js"], []) = 0',
        fork(100, 3, 101),
        '101 execve("/usr/bin/true", ["true"], []) = 0',
      ],
      {
        phase: 'import',
        rootPackage: 'target',
      },
    );
    expect(nodes.map((node) => [node.package, node.toolchain, node.phase])).toEqual([
      ['target', false, 'import'],
      ['target', false, 'import'],
    ]);
  });
});
