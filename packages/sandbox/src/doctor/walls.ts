import { broken, type Conclusion, ok } from './capability.ts';
import type { Surroundings } from './surroundings.ts';

/**
 * The walls of the sandbox, each tried the way a run puts it up: namespaces outermost, the tracer in them, bubblewrap
 * innermost.
 */

const boxPrograms = { unshare: 'util-linux', sh: 'dash', mount: 'mount' };
/** An id that no account uses, as the sandbox takes one per analysis when it is root. */
const strangerUid = 1_999_999_999;
const walls = [
  '--unshare-user',
  '--unshare-pid',
  '--unshare-ipc',
  '--unshare-uts',
  '--disable-userns',
  '--cap-drop',
  'ALL',
];
/** The host's programs and nothing else. */
const view = [
  '--ro-bind',
  '/usr',
  '/usr',
  '--symlink',
  'usr/bin',
  '/bin',
  '--symlink',
  'usr/lib',
  '/lib',
  '--symlink',
  'usr/lib64',
  '/lib64',
];
const bubblewrapArgs = [
  ...walls,
  '--new-session',
  '--die-with-parent',
  ...view,
  '--proc',
  '/proc',
  '--dev',
  '/dev',
  '--',
];

/** Prefix that runs a command in fresh user (unless root), mount and PID namespaces. */
function box(around: Surroundings): string[] {
  const user = around.asRoot ? [] : ['--user', '--map-root-user'];
  const unshare = around.find('unshare') ?? 'unshare';
  return [unshare, ...user, '--mount', '--pid', '--fork', '--kill-child', '--mount-proc', '--propagation', 'private'];
}

/** The same, running a shell script with arguments `$1`, `$2` … */
function scriptInBox(around: Surroundings, script: string, ...argv: string[]): string[] {
  return [...box(around), around.find('sh') ?? 'sh', '-c', script, 'sh', ...argv];
}

export async function probeNamespaces(around: Surroundings): Promise<Conclusion> {
  const needed = around.need(boxPrograms);
  if ('lack' in needed) return needed.lack;
  const tried = await around.run(scriptInBox(around, 'read -r first < /proc/self/stat && [ "${first%% *}" = 1 ]'));
  if (tried.code === 0) return ok(around.asRoot ? 'made as root' : 'made without root');
  return broken(
    tried.complaint,
    explainNamespaces((file) => around.read(file)),
  );
}

/**
 * What to change so that namespaces can be made, from the kernel's own switches.
 *
 * *Source:* user_namespaces(7); Debian's `unprivileged_userns_clone` patch; Ubuntu's AppArmor restriction since 23.10.
 */
export function explainNamespaces(read: (file: string) => string | undefined): string {
  if (read('/proc/sys/kernel/unprivileged_userns_clone') === '0')
    return 'sudo sysctl -w kernel.unprivileged_userns_clone=1';
  if (read('/proc/sys/kernel/apparmor_restrict_unprivileged_userns') === '1') {
    return 'sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0, or an AppArmor profile that allows userns';
  }
  if (read('/proc/sys/user/max_user_namespaces') === '0') return 'sudo sysctl -w user.max_user_namespaces=15000';
  return 'in a container, allow it to make namespaces and mount /proc: --security-opt seccomp=unconfined --security-opt apparmor=unconfined --security-opt systempaths=unconfined';
}

export async function probeBubblewrap(around: Surroundings): Promise<Conclusion> {
  const needed = around.need({ bwrap: 'bubblewrap' });
  if ('lack' in needed) return needed.lack;
  const [bwrap = ''] = needed.paths;
  const version = (await around.run([bwrap, '--version'])).stdout.trim() || 'bubblewrap of an unknown version';
  const tried = await around.run([
    bwrap,
    ...bubblewrapArgs,
    '/usr/bin/env',
    '-i',
    '/bin/sh',
    '-c',
    'cat /proc/self/status',
  ]);
  if (tried.code === 0 && /^CapEff:\s*0+$/m.test(tried.stdout)) return ok(version);
  return broken(
    `${version}: ${tried.complaint || 'capabilities are left inside'}`,
    tried.complaint.includes('--disable-userns')
      ? 'install bubblewrap 0.7 or newer'
      : explainNamespaces((file) => around.read(file)),
  );
}

export async function probeGvisor(around: Surroundings): Promise<Conclusion> {
  const needed = around.need({ runsc: 'runsc' });
  if ('lack' in needed) return needed.lack;
  const [runsc = ''] = needed.paths;
  const version = (await around.run([runsc, '--version'])).stdout.trim().split('\n')[0] ?? '';
  // Never the kvm platform: it hangs where virtualisation is nested.
  const flags = ['--platform=ptrace', '--network=none', '--ignore-cgroups', ...(around.asRoot ? [] : ['--rootless'])];
  const tried = await around.inScratch((state) =>
    around.run([runsc, ...flags, '--root', state, 'do', '/bin/echo', 'inside']),
  );
  return tried.stdout.trim() === 'inside'
    ? ok(version)
    : broken(`${version}: ${tried.complaint}`, 'install a runsc that runs here on its ptrace platform');
}

export async function probeTrace(around: Surroundings): Promise<Conclusion> {
  const needed = around.need({
    ...boxPrograms,
    bwrap: 'bubblewrap',
    strace: 'strace',
    prlimit: 'util-linux',
    setpriv: 'util-linux',
  });
  if ('lack' in needed) return needed.lack;
  const find = (name: string): string => around.find(name) ?? name;
  const stranger = [
    find('setpriv'),
    `--reuid=${strangerUid}`,
    `--regid=${strangerUid}`,
    '--clear-groups',
    '--no-new-privs',
    '--',
  ];
  const traced = [
    ...(around.asRoot ? stranger : []),
    ...[find('prlimit'), '--core=0', '--'],
    ...[find('strace'), '-f', '--seccomp-bpf', '-qq', '-e', 'trace=execve', '--', find('bwrap'), ...bubblewrapArgs],
    ...['/bin/sh', '-c', 'cat /proc/self/status; exit 7'],
  ];
  // The shell stays the first process of the namespace: the tracer must not have to reap strangers.
  const tried = await around.run(scriptInBox(around, '"$@" 2>&1; exit $?', ...traced));
  const followed = /execve\("\/(?:usr\/)?bin\/cat"/.test(tried.stdout);
  if (tried.code === 7 && followed && /^TracerPid:\s*0$/m.test(tried.stdout))
    return ok('follows into the sandbox and is not seen there');
  const scope = around.read('/proc/sys/kernel/yama/ptrace_scope');
  if (scope === '3') return broken('the kernel allows no tracing', 'boot with kernel.yama.ptrace_scope below 3');
  if (tried.stdout.includes('seccomp-bpf'))
    return broken('this strace has no --seccomp-bpf', 'install strace 5.3 or newer');
  if (tried.stdout.includes('setresuid')) {
    return broken(
      'this root cannot become another user',
      'start as an ordinary user, or where root may use all user ids',
    );
  }
  const saw = tried.complaint || tried.stdout.trim().split('\n').at(-1) || 'nothing was traced';
  return broken(saw, 'allow ptrace (in a container: --cap-add SYS_PTRACE)');
}

/**
 * One process must receive connections to any address: that is what the sinkhole stands on. Runs in Node as source text
 * inside the new network namespace; prints the families that work.
 */
const anyAddress = `
const net = require('node:net');
const attempt = (family, any, target) => new Promise((resolve) => {
  const server = net.createServer((socket) => { resolve(socket.localAddress === target ? family : ''); socket.destroy(); server.close(); });
  server.on('error', () => resolve(''));
  server.listen(0, any, () => net.connect(server.address().port, target).on('error', () => { resolve(''); server.close(); }));
});
Promise.all([attempt('IPv4', '0.0.0.0', '192.0.2.1'), attempt('IPv6', '::', '2001:db8::1')]).then((found) => console.log(found.filter(Boolean).join(' and ')));
`;

export async function probeNetwork(around: Surroundings): Promise<Conclusion> {
  const needed = around.need({ ...boxPrograms, ip: 'iproute2', nsenter: 'util-linux' });
  if ('lack' in needed) return needed.lack;
  const script = `exec "$1" --net sh -c 'ip link set lo up && ip route add local 0.0.0.0/0 dev lo && { ip -6 route add local ::/0 dev lo; exec "$0" -e "$1"; }' "$2" "$3"`;
  const tried = await around.run(
    scriptInBox(around, script, around.find('unshare') ?? '', around.options.node, anyAddress),
  );
  const families = tried.stdout.trim();
  if (families.includes('IPv4')) return ok(`answers for any address, ${families}`);
  return broken(
    tried.complaint || 'a connection did not arrive',
    explainNamespaces((file) => around.read(file)),
  );
}

export async function probeNat(around: Surroundings): Promise<Conclusion> {
  const needed = around.need({ ...boxPrograms, nft: 'nftables' });
  if ('lack' in needed) return needed.lack;
  const rules = 'table inet t { chain c { type nat hook output priority -100; tcp dport 1-65535 redirect to :9; }; }';
  const tried = await around.run(scriptInBox(around, `exec unshare --net nft "$1"`, rules));
  if (tried.code === 0) return ok('redirects every port');
  return broken(
    tried.complaint,
    'load the kernel modules nf_tables and nft_redir; without them connections to unusual ports are refused',
  );
}

export async function probeOverlay(around: Surroundings): Promise<Conclusion> {
  const needed = around.need(boxPrograms);
  if ('lack' in needed) return needed.lack;
  const script = `set -e
mount -t tmpfs -o size=1m tmpfs /mnt
mkdir /mnt/lower /mnt/upper /mnt/work /mnt/both
echo old > /mnt/lower/f
mount -t overlay -o lowerdir=/mnt/lower,upperdir=/mnt/upper,workdir=/mnt/work$1 overlay /mnt/both
echo new > /mnt/both/f
read -r below < /mnt/lower/f; read -r above < /mnt/upper/f
[ "$below $above" = 'old new' ]`;
  const tried = await around.run(scriptInBox(around, script, around.asRoot ? '' : ',userxattr'));
  if (tried.code === 0) return ok('copy-on-write over a memory file system');
  return broken(
    tried.complaint,
    around.asRoot ? 'load the kernel module overlay' : 'needs Linux 5.11 or newer, or start as root',
  );
}

export async function probeTmpfs(around: Surroundings): Promise<Conclusion> {
  const needed = around.need(boxPrograms);
  if ('lack' in needed) return needed.lack;
  const script =
    'mount -t tmpfs -o size=64k,nosuid,nodev tmpfs /mnt && ! head -c 1048576 /dev/zero 2>/dev/null > /mnt/f';
  const tried = await around.run(scriptInBox(around, script));
  return tried.code === 0
    ? ok('its size limit holds')
    : broken(
        tried.complaint || 'its size limit does not hold',
        explainNamespaces((file) => around.read(file)),
      );
}
